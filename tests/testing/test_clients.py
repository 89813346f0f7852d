"""The test clients, and the transport that raises what a server's functions raise."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import traceback
from typing import Any

import pytest

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import FastMCPTransport
from fastmcp.exceptions import McpError, ToolError
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.testing import create_async_test_client, create_test_client


class OutOfStock(ValueError):
    """A failure that only this server knows."""


def shop() -> FastMCP:
    """A server whose components fail in a way of their own."""
    mcp = FastMCP("shop")

    @mcp.tool
    def buy(item: str) -> int:
        raise OutOfStock(item)

    @mcp.tool
    async def order(item: str) -> int:
        raise OutOfStock(item)

    @mcp.tool
    def price(item: str) -> int:
        return len(item)

    @mcp.tool
    def refuse() -> None:
        raise ToolError("not today")

    @mcp.tool
    def whoami(ctx: Context) -> dict[str, Any]:
        return {**ctx.user_info, "principal": ctx.principal}

    @mcp.tool
    async def ask(ctx: Context) -> list[Any]:
        await ctx.info("asking")
        await ctx.report_progress(1, 1)
        name = (await ctx.elicit("Who?", str)).data
        text = (await ctx.sample("Hi")).text
        return [name, text, [root.uri for root in await ctx.list_roots()]]

    @mcp.resource("stock/{item}")
    def stock(item: str) -> str:
        raise OutOfStock(item)

    @mcp.prompt
    def advert(item: str) -> str:
        raise OutOfStock(item)

    return mcp


MODES = pytest.mark.parametrize("mode", ["auto", "legacy"])


@MODES
@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("call_tool", ("buy", {"item": "tea"})),
        ("call_tool", ("order", {"item": "tea"})),
        ("get_resource", ("stock/tea",)),
        ("get_prompt", ("advert", {"item": "tea"})),
    ],
)
def test_what_a_function_raises_is_raised_by_the_call(
    mode: str, method: str, arguments: tuple[Any, ...]
) -> None:
    """With its type, its members and the frames of the function that raised it."""
    client = create_test_client(shop(), mode=mode)

    with pytest.raises(OutOfStock, match="tea") as caught:
        getattr(client, method)(*arguments)

    assert traceback.extract_tb(caught.value.__traceback__)[-1].line == "raise OutOfStock(item)"
    assert client.call_tool("price", {"item": "tea"}) == 3


def test_the_async_client_raises_it_too() -> None:
    """Whether it was opened by `async with` or by its first call."""

    async def main() -> None:
        client = create_async_test_client(shop())
        with pytest.raises(OutOfStock):
            await client.call_tool("buy", {"item": "tea"})
        async with create_async_test_client(shop()) as other:
            with pytest.raises(OutOfStock):
                await other.call_tool("order", {"item": "tea"})
        assert await client.call_tool("price", {"item": "tea"}) == 3

    asyncio.run(main())


@MODES
def test_the_protocols_client_raises_it_where_its_transport_says_so(mode: str) -> None:
    """`FastMCPTransport(mcp, raise_exceptions=True)`, and by default it does not."""
    mcp = shop()

    async def main() -> None:
        async with Client(FastMCPTransport(mcp, raise_exceptions=True), mode=mode) as client:
            with pytest.raises(OutOfStock):
                await client.call_tool("buy", {"item": "tea"})
            with pytest.raises(OutOfStock):
                await client.read_resource("resource://stock/tea")
        async with Client(mcp, mode=mode) as client:
            with pytest.raises(ToolError, match="tea"):
                await client.call_tool("buy", {"item": "tea"})

    asyncio.run(main())


def test_any_number_of_calls_fail_each_with_its_own() -> None:
    """Concurrent failures and results do not get into each other's way."""

    async def main() -> list[Any]:
        async with create_async_test_client(shop()) as client:
            calls = [
                client.call_tool("buy" if n % 2 else "price", {"item": "x" * n}) for n in range(20)
            ]
            return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = asyncio.run(main())

    assert [outcome for outcome in outcomes if isinstance(outcome, int)] == list(range(0, 20, 2))
    assert [str(e) for e in outcomes if isinstance(e, OutOfStock)] == [
        "x" * n for n in range(1, 20, 2)
    ]


def test_arguments_that_do_not_fit_and_names_that_are_not_there_are_told() -> None:
    """As the errors that they are, by the server's own check."""
    client = create_test_client(shop())

    with pytest.raises(Exception, match="item") as caught:
        client.call_tool("price", {"item": [1]})
    assert type(caught.value).__name__ == "ValidationError"
    with pytest.raises(McpError, match="Unknown tool"):
        client.call_tool("nothing")
    with pytest.raises(ToolError, match="not today"):
        client.call_tool("refuse")


def test_what_middleware_turns_into_a_result_is_not_raised() -> None:
    """Only what becomes the answer counts."""

    class Patient(Middleware):
        async def on_call_tool(self, context: MiddlewareContext, call_next: CallNext) -> Any:
            try:
                return await call_next(context)
            except OutOfStock:
                raise LookupError("sold out") from None

    mcp = shop()
    mcp.add_middleware(Patient())

    with pytest.raises(LookupError, match="sold out"):
        create_test_client(mcp).call_tool("buy", {"item": "tea"})


def test_what_ends_programs_does_not_end_the_test() -> None:
    """`SystemExit` in a tool is a failure of the tool."""
    mcp = FastMCP("x")

    @mcp.tool
    def leave() -> None:
        raise SystemExit(3)

    client = create_test_client(mcp)
    with pytest.raises(McpError):
        client.call_tool("leave")
    assert client.ping()


def test_as_for_any_client_when_nothing_is_to_be_raised() -> None:
    """`raise_exceptions=False` shows what a model would see."""
    client = create_test_client(shop(), raise_exceptions=False)

    with pytest.raises(ToolError, match="Error calling tool 'buy': tea"):
        client.call_tool("buy", {"item": "tea"})


def test_the_caller_has_the_claims_that_the_test_gives_it() -> None:
    """And is nobody without them."""
    mcp = shop()
    admin = create_test_client(mcp, user_info={"role": "admin", "user": "ada"})

    assert admin.call_tool("whoami") == {
        "role": "admin",
        "user": "ada",
        "principal": '[null,null,"ada"]',
    }
    assert create_test_client(mcp).call_tool("whoami") == {"principal": None}


@MODES
def test_handlers_are_those_of_the_client(mode: str) -> None:
    """Everything that a server may ask of a client, and tell it."""
    heard: list[Any] = []
    client = create_test_client(
        shop(),
        mode=mode,
        elicitation_handler=lambda *_: "Ada",
        sampling_handler=lambda *_: "Hello",
        roots=["file:///data"],
        log_handler=lambda message: heard.append(message.level),
        progress_handler=lambda *told: heard.append(told),
    )
    client.set_logging_level("info")

    assert client.call_tool("ask") == ["Ada", "Hello", ["file:///data"]]
    assert {"info", (1, 1, None)} <= set(heard)


def test_a_test_client_is_for_a_server_object() -> None:
    """What is none is refused at once, and the text says what reaches it."""
    with pytest.raises(TypeError, match="MCPClient reaches any server"):
        create_test_client("http://localhost:8000/mcp")  # type: ignore[arg-type]


def test_the_servers_lifespan_runs_while_the_client_is_connected() -> None:
    """From the first call to the closing."""
    from contextlib import asynccontextmanager

    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(server: FastMCP) -> Any:
        seen.append("up")
        yield {}
        seen.append("down")

    mcp = FastMCP("x", lifespan=lifespan)
    client = create_test_client(mcp)
    assert seen == []
    client.ping()
    assert seen == ["up"]
    client.close()
    assert seen == ["up", "down"]


def test_a_client_that_is_dropped_leaves_no_thread() -> None:
    """Nor a warning; warnings are errors in these tests."""
    client = create_test_client(shop())
    client.ping()
    del client
    gc.collect()

    deadline = time.monotonic() + 10
    while "fastmcp-portal" in {thread.name for thread in threading.enumerate()}:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_async_client_that_is_dropped_leaves_nothing() -> None:
    """The end of its loop closes what it had open."""
    seen: list[str] = []

    async def main() -> None:
        await create_async_test_client(shop()).ping()
        seen.append("asked")

    asyncio.run(main())
    gc.collect()

    assert seen == ["asked"]
