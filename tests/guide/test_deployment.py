"""Deployment: one server, however it is started."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from inspect import signature
from pathlib import Path

import granian
import gunicorn.config
import hypercorn
import pytest
import uvicorn
from apps import served
from deploying import ROOT, run
from processes import SECONDS, HttpServer, environment, free_port, listening

from fastmcp import Client, FastMCP
from fastmcp.client.transports import StdioTransport
from fastmcp.server.http.serving.run_options import GRACE

PATH = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
PAGE = (ROOT / "docs" / "guide" / "deployment.md").read_text("utf-8")


def commands(text: str) -> list[list[str]]:
    """The shell commands of the page that begin with a program, or with a variable for it."""
    blocks = [block.split("```")[0] for block in text.split("```sh\n")[1:]]
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines]


STARTS, *MACHINES = PAGE.split("## Health", 1)
STARTS = commands(STARTS)
MACHINES = commands("".join(MACHINES))


async def test_one_object_is_the_server() -> None:
    """Which transport it speaks is said where it is started."""
    # snippet: server
    import os

    from fastmcp import FastMCP

    mcp = FastMCP("Greeter")

    @mcp.tool
    def greet(name: str) -> str:
        """Greet somebody."""
        return f"Hello, {name}!"

    def main() -> None:
        if os.environ.get("MCP_TRANSPORT") == "http":
            mcp.run_http(port=8000, timeout_graceful_shutdown=25)
        else:
            mcp.run()

    if __name__ == "__main__":
        main()
    # end
    async with Client(mcp) as client:
        assert (await client.call_tool("greet", {"name": "Ada"})).data == "Hello, Ada!"


async def test_a_port_of_its_own_says_how_it_is() -> None:
    """As the object itself, and as `http_app` when it is asked to."""
    mcp = FastMCP("Greeter")

    # snippet: health
    import httpx2

    async def look(url: str) -> list[str]:
        async with httpx2.AsyncClient(base_url=url) as http:
            return [(await http.get(path)).json()["status"] for path in ("/health", "/ready")]

    # end
    for app in (mcp, mcp.http_app(rest=True, health=True)):
        with served(app) as url:
            assert await look(url) == ["healthy", "ready"]
    with served(mcp.http_app()) as url:
        async with httpx2.AsyncClient() as http:
            assert (await http.get(f"{url}/health")).status_code == 404


async def test_processes_share_one_port(tmp_path: Path) -> None:
    """Each call may be another one's, when there are no sessions."""
    mcp = FastMCP("Greeter")

    # snippet: workers
    def serve() -> None:
        mcp.run_http(port=8000, workers=2, stateless_http=True)
        # or with sessions, FASTMCP_SESSION_STORE=redis://127.0.0.1:6379/0 instead of stateless_http

    # end
    assert callable(serve)
    port = free_port()
    begin, main, _ = program("server").partition('if __name__ == "__main__":\n')
    source = f"{begin}{program('workers')}{main}    serve()\n"
    path = tmp_path / "server.py"
    path.write_text(source.replace("8000", str(port)), "utf-8")
    with listening([sys.executable, path], tmp_path / "log", port, env=environment()) as server:
        async with Client(server.url) as client:
            assert (await client.call_tool("greet", {"name": "Ada"})).data == "Hello, Ada!"
        assert server.stop() == 0


def program(snippet: str) -> str:
    """Code of the page."""
    return PAGE.split(f"test_deployment.py: {snippet} -->\n```python\n")[1].split("```")[0]


@contextmanager
def started(words: list[str], folder: Path) -> Generator[HttpServer]:
    """What a command of the page starts, on a port that is free."""
    port = free_port()
    words = [word.replace("8000", str(port)) for word in words]
    names = [word for word in words if "=" in word and word.split("=")[0].isupper()]
    variables = dict(name.split("=", 1) for name in names)
    arguments = words[len(names) :]
    found = shutil.which(arguments[0], path=PATH)
    assert found, f"{arguments[0]} is not installed"
    env = environment({**variables, "PATH": PATH, "PYTHONPATH": str(folder)})
    with listening([found, *arguments[1:]], folder / "log", port, cwd=folder, env=env) as server:
        yield server


@pytest.mark.parametrize("words", STARTS, ids=" ".join)
async def test_every_command_of_the_page_starts_it(words: list[str], tmp_path: Path) -> None:
    """And it greets."""
    path = tmp_path / "server.py"
    path.write_text(program("server"), "utf-8")
    if words == ["python", "server.py"]:
        target = StdioTransport(sys.executable, ["server.py"], cwd=str(tmp_path), keep_alive=False)
        async with Client(target) as client:
            assert (await client.call_tool("greet", {"name": "Ada"})).data == "Hello, Ada!"
        return
    if "MCP_TRANSPORT=http" in words:
        words = ["FASTMCP_PORT=8000", *words]
        path.write_text(path.read_text("utf-8").replace("port=8000, ", ""), "utf-8")
    with started(words, tmp_path) as server:
        async with Client(server.url) as client:
            assert (await client.call_tool("greet", {"name": "Ada"})).data == "Hello, Ada!"


@pytest.mark.parametrize("words", MACHINES, ids=" ".join)
def test_every_other_command_names_what_is_there(words: list[str]) -> None:
    """What it is about is tested in `tests/deploy`; here, that it is about the files shipped."""
    ours = [word for word in words if word.startswith("deploy/")]
    units = [word.partition("@")[0] for word in words if "@8" in word]

    assert ours or units or words == ["nginx", "-t"]
    assert [path for path in ours if not (ROOT / path).is_file()] == []
    assert set(units) <= {"mcp-server"}


def test_servers_wait_for_calls_as_long_as_the_page_says() -> None:
    """Unless they are told otherwise, by an option that they have."""
    table = PAGE.split("| | seconds for calls | said by |\n|---|---|---|\n")[1].split("\n\n")[0]
    rows = [re.findall(r"[^|]+", line) for line in table.splitlines()]
    said = {
        name.split()[0].strip("`"): (seconds.strip(), re.findall("`(.*?)`", option)[0])
        for name, seconds, option in rows
    }
    limits = {
        "run_http": GRACE,
        "uvicorn": signature(uvicorn.Config).parameters["timeout_graceful_shutdown"].default,
        "granian": signature(granian.Granian).parameters["workers_kill_timeout"].default,
        "hypercorn": hypercorn.Config.graceful_timeout,
        "gunicorn": gunicorn.config.GracefulTimeout.default,
    }

    assert said.keys() == limits.keys()
    for name, (seconds, option) in said.items():
        assert seconds == ("no limit" if limits[name] is None else f"{limits[name]:g}")
        if option.startswith("--"):
            found = run(shutil.which(name, path=PATH) or name, "--help")
            assert option in found


def test_gunicorn_waits_after_ctrl_c_and_not_after_sigterm(tmp_path: Path) -> None:
    """Even when nothing is called."""
    (tmp_path / "server.py").write_text(program("server"), "utf-8")
    [command] = [words for words in STARTS if words[0] == "gunicorn"]
    command = [command[0], "--graceful-timeout", "5", *command[1:]]
    for number, least, most in ((signal.SIGINT, 4.5, SECONDS), (signal.SIGTERM, 0, 4.5)):
        with started(command, tmp_path) as server:
            server.wait_for("Application startup complete")
            began = time.monotonic()
            server.stop(number)
            assert least < time.monotonic() - began < most
