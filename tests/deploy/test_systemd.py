"""`mcp-server@.service`: systemd understands it, and what it starts serves behind nginx."""

from __future__ import annotations

import os
import re
import shlex
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from apps import Mcp, call, initialize
from deploying import DEPLOY, installed, run
from nginx_server import nginx_server
from processes import environment, free_port, listening
from redis_server import redis_server

UNIT = DEPLOY / "mcp-server@.service"
HOME = "/opt/mcp-server"


def values(name: str) -> list[str]:
    """What the unit says of a name."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text("utf-8"), re.M)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """An instance of it whose program is on this machine."""
    program = f"{HOME}/.venv/bin/python"
    text = UNIT.read_text("utf-8")
    assert program in text
    path = tmp_path / "mcp-server@8000.service"
    path.write_text(text.replace(program, "/bin/sh"), "utf-8")
    return path


def test_systemd_understands_it(unit: Path) -> None:
    """Every section and setting is one that it knows."""
    assert run(installed("systemd-analyze", "systemd"), "verify", "--man=no", unit) == ""


def test_the_service_may_do_little(unit: Path) -> None:
    """By systemd's own measure, of which 10 is all that there is, and 100 here."""
    analyze = installed("systemd-analyze", "systemd")

    run(analyze, "security", "--offline=true", "--threshold=20", "--no-pager", unit)


def test_a_server_has_the_time_to_finish(drain: float) -> None:
    """Before it is killed."""
    [seconds] = values("TimeoutStopSec")

    assert float(seconds) > drain


def test_what_it_starts_serves_behind_nginx(tmp_path: Path) -> None:
    """Its command with its environment, asked by the name that it is known by."""
    port = free_port()
    variables = dict(
        pair.split("=", 1) for line in values("Environment") for pair in shlex.split(line)
    )
    variables["FASTMCP_PORT"] = variables["FASTMCP_PORT"].replace("%i", str(port))
    [command] = values("ExecStart")
    program, *arguments = command.split()
    assert program == f"{HOME}/.venv/bin/python"
    [folder] = values("WorkingDirectory")
    assert folder == HOME

    with ExitStack() as stack:
        redis = stack.enter_context(redis_server(tmp_path))
        assert variables["FASTMCP_SESSION_STORE"].startswith("redis://")
        variables["FASTMCP_SESSION_STORE"] = redis.url
        env = environment({**variables, "PATH": os.environ["PATH"]})
        started = listening(
            [sys.executable, *arguments], tmp_path / "log", port, cwd=DEPLOY, env=env
        )
        server = stack.enter_context(started)
        with nginx_server(tmp_path, [port]) as nginx, Mcp(nginx.base) as mcp:
            host = {"host": "mcp.example.com"}
            session = mcp.post(initialize(), host).headers["mcp-session-id"]
            added = call("add", a=2, b=3)
            assert mcp.post(added, {**host, "mcp-session-id": session}).status_code == 200
            assert mcp.post(added, {"host": "elsewhere.example"}).status_code == 421

        assert server.stop() == 0
