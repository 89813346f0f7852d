"""`fastmcp run --reload`: what changes, and what clients notice of it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Any

import pytest
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
