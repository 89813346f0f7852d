"""`fastmcp run --reload`: what changes, and what clients notice of it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from peers.environments import python_packages
from processes import SECONDS, free_port, http_server
from run_command import TELLER, run_command, running, told, write
from tmux import fastmcp_on_terminal

from fastmcp import Client
from fastmcp.exceptions import McpError

NEW = """
    @mcp.tool
    async def hang() -> None:
        import asyncio
        await asyncio.sleep(600)
"""


async def until_listed(client: Client, name: str) -> None:
    async with asyncio.timeout(SECONDS):
        while name not in [tool.name for tool in await client.list_tools()]:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_client_on_stdio_keeps_its_session(tmp_path: Path, mode: str) -> None:
    """In both eras: it lists the new tool, and what it said for its session still holds."""
    write(tmp_path)
    asked = asyncio.Event()

    async def hear(message: Any) -> None:
        if getattr(message, "method", None) == "notifications/tools/list_changed":
            asked.set()

    async with running(tmp_path, "--reload", mode=mode, message_handler=hear) as client:
        write(tmp_path, TELLER + NEW)
        await until_listed(client, "hang")
        result = await client.call_tool("argv")

    assert result.data == ["server.py"]
    assert asked.is_set() or mode == "auto"


async def test_a_call_that_is_interrupted_fails(tmp_path: Path) -> None:
    """It is not made again, since it may have changed something; the next one is answered."""
    write(tmp_path, TELLER + NEW)

    async with running(tmp_path, "server.py", "--reload", mode="legacy") as client:
        call = asyncio.ensure_future(client.call_tool("hang"))
        await client.call_tool("argv")
        write(tmp_path, TELLER + NEW + "\n")
        with pytest.raises(McpError, match=r"(?i)the server (is stopping|was started again)"):
            async with asyncio.timeout(SECONDS):
                await call
        assert (await client.call_tool("argv")).data == ["server.py"]


async def test_a_program_that_cannot_be_loaded_is_waited_for(tmp_path: Path) -> None:
    """Requests fail at once, with the reason; with the next change all is well."""
    write(tmp_path)

    async with running(tmp_path, "--reload", mode="legacy") as client:
        write(tmp_path, "not python(")
        with pytest.raises(McpError, match="the server"):
            async with asyncio.timeout(SECONDS):
                while True:
                    await client.list_tools()
                    await asyncio.sleep(0.02)
        write(tmp_path, TELLER + NEW)
        async with asyncio.timeout(SECONDS):
            while True:
                with contextlib.suppress(McpError):
                    await until_listed(client, "hang")
                    break
                await asyncio.sleep(0.02)


def test_a_client_that_leaves_ends_it(tmp_path: Path) -> None:
    """With the exit code of the server."""
    write(tmp_path)

    done = run_command(tmp_path, "--reload")

    assert (done.returncode, done.stdout) == (0, "")


async def test_other_folders_can_be_watched(tmp_path: Path) -> None:
    """--reload-dir, also for files that are no Python; the server's folder is not watched then."""
    write(tmp_path / "code")
    write(tmp_path / "data", "GREETING=hi", ".env")
    options = ["code/server.py", "--reload", "--reload-dir", "data"]
    log: list[str] = []

    client = running(tmp_path, *options, mode="legacy")
    client.transport.stderr_handler = log.append
    async with client:
        await client.list_tools()
        write(tmp_path / "code", TELLER + NEW)
        write(tmp_path / "data", "GREETING=ho", ".env")
        await until_listed(client, "hang")

    assert [line for line in log if "changed" in line] == ["fastmcp: .env changed: starting again"]


@pytest.mark.parametrize("teller", ["a look", "watchfiles"])
async def test_several_folders_can_be_watched(tmp_path: Path, teller: str) -> None:
    """Also where the name of one begins with another's."""
    write(tmp_path)
    for name in ("a", "a b"):
        write(tmp_path / name, "", "x.py")
    options = ["server.py", "--reload", "--reload-dir", "a", "--reload-dir", "a b"]
    packages = _watchfiles() if teller == "watchfiles" else ""
    changes: asyncio.Queue[str] = asyncio.Queue()

    client = running(tmp_path, *options, mode="legacy", env={"PYTHONPATH": packages})
    client.transport.stderr_handler = changes.put_nowait
    async with client, asyncio.timeout(SECONDS):
        for name in ("a b", "a"):
            await client.list_tools()
            write(tmp_path / name, "1", f"{name}.py")
            assert await changes.get() == f"fastmcp: {name}.py changed: starting again"


def _watchfiles() -> str:
    """A folder that has it."""
    python = Path(python_packages("watchfiles", "watchfiles==1.3.0"))
    return str(next(python.parents[1].glob("lib/*/site-packages")))


async def test_a_program_beside_its_fastmcp_json_is_watched(tmp_path: Path) -> None:
    """Wherever it is."""
    write(tmp_path / "code")
    write(tmp_path / "deploy", '{"source": {"path": "../code/server.py"}}', "fastmcp.json")

    async with running(tmp_path / "deploy", "--reload", mode="legacy") as client:
        write(tmp_path / "code", TELLER + NEW)
        await until_listed(client, "hang")


async def test_what_is_called_as_this_package_is_not_in_the_way(tmp_path: Path) -> None:
    """A file may be called fastmcp.py, also where this command starts itself again."""
    path = write(tmp_path, name="fastmcp.py")

    async with running(tmp_path / "..", path, "--reload", mode="legacy") as client:
        assert (await client.call_tool("argv")).data == [str(path)]


async def test_clients_over_http_find_the_next_server(tmp_path: Path, log: Path) -> None:
    """On the same port, without sessions; a signal ends both."""
    path = write(tmp_path)
    port = free_port()
    command = ["-m", "fastmcp", "run", path, "-t", "http", "-p", str(port), "--reload"]

    with http_server(command, log, port=port) as process:
        assert await told(Client(process.url), "argv") == [str(path)]
        write(tmp_path, TELLER + NEW)
        process.wait_for("server.py changed: starting again")
        async with asyncio.timeout(SECONDS):
            while True:
                with contextlib.suppress(Exception):
                    async with Client(process.url, timeout=2) as client:
                        await until_listed(client, "hang")
                        break
                await asyncio.sleep(0.02)
        assert process.stop(signal.SIGTERM) == 0

    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP], ids=str)
def test_no_server_is_left_behind(tmp_path: Path, log: Path, number: signal.Signals) -> None:
    """Also where a supervisor or a terminal hangs up on what watches the files alone."""
    path = write(tmp_path)
    port = free_port()
    command = ["-m", "fastmcp", "run", path, "-t", "http", "-p", str(port), "--reload"]

    with http_server(command, log, port=port) as process:
        assert process.stop(number) == 0
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port))


@pytest.mark.parametrize("reload", [[], ["--reload"]], ids=str)
def test_an_interrupt_of_a_terminal_ends_it_in_order(tmp_path: Path, reload: list[str]) -> None:
    """Once, though it reaches the server as well as what watches its files."""
    write(tmp_path)
    words = ["run", "server.py", "-t", "http", "-p", str(free_port()), *reload]

    with fastmcp_on_terminal(*words, cwd=tmp_path) as terminal:
        terminal.wait_for("Uvicorn running")
        terminal.press("C-c")
        code, screen = terminal.finish()

    assert code == 0
    assert screen.count("Shutting down") == 1
    assert "Finished server process" in screen
    assert "Traceback" not in screen
