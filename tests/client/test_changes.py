"""Hearing of changes: lists and resources, in both eras, over every transport."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from apps import served

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ClientError, McpError


def library() -> FastMCP:
    mcp = FastMCP("library")
    mcp.resource("book://a", name="a")(lambda: "A")
    mcp.resource("book://b", name="b")(lambda: "B")

    @mcp.tool
    def add_tool() -> None:
        mcp.tool(lambda: 1, name="new")

    @mcp.tool
    def end_streams() -> None:
        mcp._parts.audience.dismiss()

    @mcp.tool
    def rewrite(uri: str) -> None:
        mcp.notify_resource_updated(uri)

    return mcp


@contextmanager
def reachable(transport: str) -> Iterator[Any]:
    """A library in this process, or behind a socket."""
    mcp = library()
    if transport == "memory":
        yield mcp
        return
    options = {"json_response": True} if transport == "http-json" else {}
    with served(mcp.http_app(**options)) as base:
        yield f"{base}/mcp"


@pytest.fixture(params=["memory", "http", "http-json"])
def target(request: pytest.FixtureRequest) -> Iterator[Any]:
    with reachable(request.param) as found:
        yield found


MODES = ["auto", "legacy"]


class Heard:
    """A message handler that keeps what it hears."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    async def __call__(self, message: Any) -> None:
        self.queue.put_nowait((message.method, message.params))

    async def next(self) -> str:
        return (await self.told())[0]

    async def told(self) -> tuple[str, str | None]:
        """The next message, and the URI that it is about."""
        async with asyncio.timeout(20):
            method, params = await self.queue.get()
        return method, getattr(params, "uri", None)


def used(target: Any, use: Callable[[Client, Heard], Awaitable[Any]], mode: str) -> Any:
    async def main() -> Any:
        heard = Heard()
        async with Client(target, mode=mode, message_handler=heard, timeout=20) as client:
            outcome = await use(client, heard)
        names = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]
        assert not any(name.startswith("Streams.") for name in names)
        return outcome

    return asyncio.run(main())


@pytest.mark.parametrize("mode", MODES)
def test_a_message_handler_hears_that_a_list_has_changed(target: Any, mode: str) -> None:
    """A modern client listens by itself when somebody wants to hear."""

    async def use(client: Client, heard: Heard) -> str:
        await client.call_tool("add_tool")
        return await heard.next()

    assert used(target, use, mode) == "notifications/tools/list_changed"


@pytest.mark.parametrize("mode", MODES)
def test_a_client_subscribes_to_a_resource(target: Any, mode: str) -> None:
    """It hears of that one from then on, of no other, and of none once it has unsubscribed."""

    async def use(client: Client, heard: Heard) -> list[str]:
        await client.subscribe_resource("book://a")
        await client.subscribe_resource("book://a")
        await client.call_tool("rewrite", {"uri": "book://b"})
        await client.call_tool("rewrite", {"uri": "book://a"})
        told = [await heard.next()]
        await client.unsubscribe_resource("book://a")
        await client.unsubscribe_resource("book://a")
        await client.call_tool("rewrite", {"uri": "book://a"})
        await client.subscribe_resource("book://b")
        await client.call_tool("rewrite", {"uri": "book://b"})
        return [*told, await heard.next()]

    assert used(target, use, mode) == ["notifications/resources/updated"] * 2


@pytest.mark.parametrize("mode", MODES)
def test_a_resource_that_is_not_there_cannot_be_watched(target: Any, mode: str) -> None:
    """The error names it."""

    async def use(client: Client, heard: Heard) -> None:
        with pytest.raises((McpError, ClientError), match="book://nope"):
            await client.subscribe_resource("book://nope")

    used(target, use, mode)


def test_a_server_that_tells_of_nothing_is_named_as_such() -> None:
    """The refusal of `subscriptions/listen` is the caller's; other requests go on."""
    mcp = library()

    async def use(client: Client, heard: Heard) -> int:
        with pytest.raises(McpError, match="subscriptions/listen"):
            await client.subscribe_resource("book://a")
        return len(await client.list_tools())

    dispatcher = mcp._parts.dispatcher
    dispatcher.replace({m: r for m, r in dispatcher._routes.items() if m != "subscriptions/listen"})

    assert used(mcp, use, "auto") == 3


@pytest.mark.parametrize("transport", ["memory", "http"])
def test_what_a_lost_stream_may_have_missed_is_told_when_there_is_another(transport: str) -> None:
    """The server does not know what changed before it was asked to tell."""
    with reachable(transport) as target:

        async def use(client: Client, heard: Heard) -> set[tuple[str, str | None]]:
            await client.subscribe_resource("book://a")
            await client.call_tool("end_streams")
            return {await heard.told() for _ in range(4)}

        assert used(target, use, "auto") == {
            ("notifications/prompts/list_changed", None),
            ("notifications/resources/list_changed", None),
            ("notifications/resources/updated", "book://a"),
            ("notifications/tools/list_changed", None),
        }


def test_nobody_listens_for_a_client_without_a_handler() -> None:
    """The server has only the connection itself to tell."""
    mcp = library()

    async def main() -> int:
        async with Client(mcp) as client:
            await client.list_tools()
            return len(mcp._parts.audience._listeners)

    assert asyncio.run(main()) == 1
