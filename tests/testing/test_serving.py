"""Servers behind real sockets, for a test."""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.utilities.http import find_available_port
from fastmcp.utilities.tests import run_server_async, run_server_in_process

SECONDS = 20


def hello(name: str = "hello") -> FastMCP:
    """A server with one tool."""
    mcp = FastMCP(name)

    @mcp.tool
    def hi() -> str:
        return name

    return mcp


def serve(name: str, host: str, port: int) -> None:
    """What a process runs."""
    hello(name).run(transport="http", host=host, port=port, log_level="error")


async def said(url: str) -> str:
    async with Client(url, timeout=SECONDS) as client:
        return (await client.call_tool("hi")).data


def test_a_server_runs_in_the_loop_of_the_test() -> None:
    """At a port and a path that may be chosen, and not after the block."""
    port = find_available_port()

    async def main() -> None:
        async with run_server_async(hello(), port=port, path="/api") as url:
            assert url == f"http://127.0.0.1:{port}/api"
            assert await said(url) == "hello"
        async with run_server_async(hello("one")) as one, run_server_async(hello("two")) as two:
            assert (await said(one), await said(two)) == ("one", "two")
        with pytest.raises(ConnectionError):
            await said(url)
        async with run_server_async(hello()):
            pass
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_a_server_that_cannot_start_is_told_at_once() -> None:
    """By what its lifespan raises, or by the port that is taken."""

    @asynccontextmanager
    async def lifespan(server: FastMCP) -> AsyncIterator[dict[str, Any]]:
        raise LookupError("no database")
        yield {}

    async def main() -> None:
        with pytest.raises(LookupError, match="no database"):
            async with run_server_async(FastMCP("x", lifespan=lifespan)):
                raise AssertionError("it started")
        with (
            socket.create_server(("127.0.0.1", 0)) as taken,
            pytest.raises(OSError, match="in use"),
        ):
            async with run_server_async(hello(), port=taken.getsockname()[1]):
                raise AssertionError("it started")

    asyncio.run(main())


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_server_runs_in_a_process_of_its_own() -> None:
    """Which ends with the block, and has threads of its own, whatever its parent has."""
    assert hello().call_tool("hi") == "hello"

    with run_server_in_process(serve, "process") as base:
        assert asyncio.run(said(f"{base}/mcp")) == "process"

    assert multiprocessing.active_children() == []
    with pytest.raises(ConnectionError):
        asyncio.run(said(f"{base}/mcp"))


def leave(host: str, port: int) -> None:
    """A process that does not serve."""
    raise SystemExit(3)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_process_that_ends_is_not_waited_for() -> None:
    """The error has its exit code."""
    with (
        pytest.raises(RuntimeError, match="ended with exit code 3 before it listened"),
        run_server_in_process(leave),
    ):
        raise AssertionError("it listened")


def test_an_available_port_can_be_listened_on() -> None:
    """It is free when it is found."""
    port = find_available_port()

    with socket.create_server(("127.0.0.1", port)) as listener:
        assert listener.getsockname()[1] == port
