"""Shared: opened on first use, for all calls, and closed when the server stops."""
# ruff: noqa: B008 - dependencies are calls in defaults

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.dependencies import CurrentFastMCP, Depends, Shared
from fastmcp.exceptions import ToolError

log: list[str] = []


@pytest.fixture(autouse=True)
def _empty_log() -> None:
    log.clear()


async def pool() -> AsyncIterator[object]:
    log.append("open pool")
    await asyncio.sleep(0)
    yield object()
    log.append("close pool")


def cache(pool: object = Shared(pool), server: FastMCP = CurrentFastMCP()) -> Iterator[str]:
    log.append("open cache")
    yield f"cache of {server.name}"
    log.append("close cache")


def test_a_shared_value_is_made_once_for_a_server() -> None:
    """Every function and every call gets the same; it closes with the server, latest first."""
    mcp = FastMCP("x")
    seen: list[object] = []

    @mcp.tool
    def plain(it: object = Shared(pool), text: str = Shared(cache)) -> str:
        seen.append(it)
        return text

    @mcp.resource("data://it")
    async def resource(it: object = Shared(pool)) -> str:
        seen.append(it)
        return ""

    async def main() -> None:
        async with Client(mcp) as client:
            assert (await client.call_tool("plain")).data == "cache of x"
            await client.call_tool("plain")
            await client.read_resource("data://it")
            assert log == ["open pool", "open cache"]

    asyncio.run(main())

    assert len(set(map(id, seen))) == 1
    assert log == ["open pool", "open cache", "close cache", "close pool"]


def test_a_server_that_runs_again_makes_it_again() -> None:
    """Nothing of the first run is left."""
    mcp = FastMCP("x")

    @mcp.tool
    def tool(it: object = Shared(pool)) -> None:
        return None

    async def run() -> None:
        async with Client(mcp) as client:
            await client.call_tool("tool")

    asyncio.run(run())
    asyncio.run(run())

    assert log == ["open pool", "close pool"] * 2


def test_concurrent_first_calls_open_it_once() -> None:
    """Those who come meanwhile wait for the one that is being opened."""
    mcp = FastMCP("x")
    go = asyncio.Event()

    @asynccontextmanager
    async def slow() -> AsyncIterator[object]:
        log.append("open")
        await go.wait()
        yield object()

    @mcp.tool
    async def tool(it: object = Shared(slow)) -> str:
        return str(id(it))

    async def main() -> list[Any]:
        async with Client(mcp) as client:
            calls = [asyncio.create_task(client.call_tool("tool")) for _ in range(5)]
            while not log:
                await asyncio.sleep(0)
            go.set()
            return [result.data for result in await asyncio.gather(*calls)]

    assert len(set(asyncio.run(main()))) == 1
    assert log == ["open"]


def test_one_that_could_not_be_opened_is_tried_again() -> None:
    """The call fails with the reason; the next one may have more luck."""
    mcp = FastMCP("x")

    def connection() -> str:
        log.append("connect")
        if len(log) == 1:
            raise ToolError("nobody listens")
        return "connected"

    @mcp.tool
    def tool(it: str = Shared(connection)) -> str:
        return it

    async def main() -> Any:
        async with Client(mcp) as client:
            with pytest.raises(ToolError, match="nobody listens"):
                await client.call_tool("tool")
            return (await client.call_tool("tool")).data

    assert asyncio.run(main()) == "connected"


def test_it_is_opened_and_closed_in_one_task() -> None:
    """What is bound to its task, as a task group is, can be shared."""
    mcp = FastMCP("x")

    async def group() -> AsyncIterator[asyncio.TaskGroup]:
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            yield tasks
        log.append("closed")

    @mcp.tool
    async def tool(tasks: asyncio.TaskGroup = Shared(group)) -> None:
        tasks.create_task(asyncio.sleep(0))

    async def main() -> None:
        async with Client(mcp) as client:
            await client.call_tool("tool")

    asyncio.run(main())

    assert log == ["closed"]


def test_the_caller_who_opens_it_may_go_away() -> None:
    """A request that is cancelled meanwhile does not take it from the others."""
    mcp = FastMCP("x")
    go = asyncio.Event()

    async def slow() -> str:
        log.append("open")
        await go.wait()
        return "ready"

    @mcp.tool
    async def tool(it: str = Shared(slow)) -> str:
        return it

    async def main() -> Any:
        async with Client(mcp) as client:
            first = asyncio.create_task(client.call_tool("tool"))
            while not log:
                await asyncio.sleep(0)
            first.cancel()
            second = asyncio.create_task(client.call_tool("tool"))
            await asyncio.wait([first])
            go.set()
            return (await second).data

    assert asyncio.run(main()) == "ready"
    assert log == ["open"]


def test_closing_goes_on_after_an_error(caplog: pytest.LogCaptureFixture) -> None:
    """What fails to close is told, and the others close."""
    mcp = FastMCP("x")

    def fragile(it: object = Shared(pool)) -> Iterator[None]:
        yield
        raise ValueError("broken")

    @mcp.tool
    def tool(it: None = Shared(fragile)) -> None:
        return None

    async def main() -> None:
        async with Client(mcp) as client:
            await client.call_tool("tool")

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(main())

    assert log == ["open pool", "close pool"]


def test_its_own_dependencies_live_as_long() -> None:
    """What a shared factory depends on is kept with it."""
    mcp = FastMCP("x")

    def connection() -> Iterator[str]:
        log.append("connect")
        yield "connection"
        log.append("disconnect")

    def repository(it: str = Depends(connection)) -> str:
        return f"repository on {it}"

    @mcp.tool
    def tool(it: str = Shared(repository)) -> str:
        log.append("call")
        return it

    async def main() -> None:
        async with Client(mcp) as client:
            assert (await client.call_tool("tool")).data == "repository on connection"
            await client.call_tool("tool")

    asyncio.run(main())

    assert log == ["connect", "call", "call", "disconnect"]


def test_without_a_running_server_it_lives_for_the_call() -> None:
    """A tool that is run by hand leaves nothing open."""
    mcp = FastMCP("x")

    @mcp.tool
    async def tool(it: object = Shared(pool)) -> str:
        log.append("call")
        return "done"

    async def main() -> Any:
        found = await mcp.get_tool("tool")
        assert found is not None
        return (await found.run({})).content[0].text

    assert asyncio.run(main()) == "done"
    assert log == ["open pool", "call", "close pool"]


def test_an_open_value_costs_a_plain_tool_no_loop() -> None:
    """Once it is there, the tool runs in a single visit to a thread."""
    mcp = FastMCP("x")
    threads: list[int] = []

    def noted() -> None:
        threads.append(threading.get_ident())

    @mcp.tool
    def tool(_: None = Depends(noted), it: object = Shared(pool)) -> None:
        threads.append(threading.get_ident())

    async def main() -> None:
        async with Client(mcp) as client:
            await client.call_tool("tool")
            threads.clear()
            await client.call_tool("tool")

    asyncio.run(main())

    assert len(threads) == 2
    assert len(set(threads)) == 1
    assert threading.get_ident() not in threads
