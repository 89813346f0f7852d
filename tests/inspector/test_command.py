"""`fastmcp dev`: which server is meant, the official inspector, and what makes no sense."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from processes import SECONDS, free_port, run_python

from .running import enter, inspecting

SERVER = """\
import sys

from fastmcp import FastMCP

mcp = FastMCP("given", instructions=" ".join(sys.argv[1:]))
other = FastMCP("other")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a server."""
    (tmp_path / "server.py").write_text(SERVER)
    return tmp_path


def said(*arguments: str, cwd: Path) -> dict[str, Any]:
    """What the server that an inspector has connected to says of itself."""
    with inspecting(*arguments, cwd=cwd) as running:
        user = enter(running)
        found = user.connected()
        user.close()
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        ["server.py"],
        ["inspector", "server.py"],
        ["inspector", "server.py:mcp", "--no-reload"],
        ["inspector", "-m", "server:mcp"],
        ["inspector", "--reload-dir", ".", "server.py"],
        [],
        ["--command", f"{sys.executable} -m fastmcp run server.py --no-banner"],
    ],
)
def test_a_server_is_named(folder: Path, arguments: list[str]) -> None:
    """As a file, an object in it, a module, a command, or by being there."""
    assert said(*arguments, cwd=folder)["server"]["name"] == "given"


def test_arguments_are_the_program_s(folder: Path) -> None:
    """Those behind `--`."""
    process = run_python("-m", "fastmcp", "dev", "server.py:none", "--help", cwd=folder)
    assert process.returncode == 0 and "ARGUMENTS are the server's own" in process.stdout

    with inspecting("server.py", cwd=folder) as running:
        user = enter(running)
        target = user.connected()["target"]
        line = f"{target['command']} -- --config x.json"
        found = user.connected(**{**target, "command": line})
        user.close()

    assert found["instructions"] == "--config x.json"


def test_a_folder_without_a_server_opens_the_page(tmp_path: Path) -> None:
    """Which server is meant can be said in it."""
    with inspecting(cwd=tmp_path) as running:
        user = enter(running)
        user.close()

        assert user.snapshot["connection"] == {"status": "closed"}
        assert "The page asks which server is meant" in running.errors


def test_a_server_that_cannot_be_loaded_says_why(folder: Path) -> None:
    """In the page; it is tried again when the file changes."""
    (folder / "server.py").write_text("raise ValueError('not yet')\n")
    with inspecting("server.py", cwd=folder) as running:
        user = enter(running)
        user.until("connection", lambda event: event["status"] == "failed")
        user.until("stderr", lambda event: "ValueError: not yet" in event["line"])
        (folder / "server.py").write_text(SERVER)
        user.until("connection", lambda event: event["status"] == "open")
        user.close()


def test_it_ends_with_its_server(folder: Path) -> None:
    """By Ctrl+C, with a page open."""
    with inspecting("server.py", cwd=folder) as running:
        user = enter(running)
        user.connected()
        running.process.send_signal(signal.SIGINT)

        assert running.process.wait(SECONDS) == 130
        user.close()
        assert "Traceback" not in running.errors


def test_a_port_that_is_taken(folder: Path) -> None:
    """One that was asked for is not exchanged for another."""
    with inspecting("server.py", cwd=folder) as running:
        port = running.url.rpartition(":")[2]
        second = run_python(
            "-m", "fastmcp", "dev", "server.py", "--no-open", "--ui-port", port, cwd=folder
        )

    assert second.returncode == 1
    assert f"Port {port} of 127.0.0.1 is in use" in second.stderr
    assert "Traceback" not in second.stderr


def npx(folder: Path) -> dict[str, str]:
    """A PATH whose npx writes down how it was called."""
    program = folder / "bin" / "npx"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        "ports = {name: os.environ.get(name) for name in ('CLIENT_PORT', 'SERVER_PORT')}\n"
        "print(json.dumps([sys.argv[1:], ports]))\n"
        "sys.exit(7)\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}


def test_the_official_inspector_is_run_by_npx(folder: Path) -> None:
    """With the server as words, none of which a shell reads."""
    odd = folder / "a $(touch owned); b"
    odd.mkdir()
    (odd / "server.py").write_text(SERVER)
    client, server = str(free_port()), str(free_port())
    process = run_python(
        *("-m", "fastmcp", "dev", "inspector", f"{odd}/server.py", "--official"),
        *("--inspector-version", "0.17.0", "--ui-port", client, "--server-port", server),
        cwd=folder,
        env=npx(folder),
    )
    words, ports = json.loads(process.stdout)

    assert process.returncode == 7
    assert words[:2] == ["-y", "@modelcontextprotocol/inspector@0.17.0"]
    assert words[2:8] == [sys.executable, "-P", "-m", "fastmcp", "run", f"{odd}/server.py"]
    assert ports == {"CLIENT_PORT": client, "SERVER_PORT": server}
    assert not (folder / "owned").exists()


def test_without_npx_there_is_no_official_inspector(folder: Path) -> None:
    """What is missing, and where it is had."""
    process = run_python(
        *("-m", "fastmcp", "dev", "inspector", "server.py", "--official"),
        cwd=folder,
        env={"PATH": str(folder)},
    )

    assert process.returncode == 1
    assert "npx" in process.stderr and "nodejs.org" in process.stderr
