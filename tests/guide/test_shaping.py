"""Shaping: middleware that changes what comes in, what goes out, and what has to run at all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apps import served
from callers import client_of, knows_callers

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError

OVER = pytest.mark.parametrize("over", ["memory", "http"])


async def reached(over: str, mcp: FastMCP, use: Callable[[Client], Any]) -> Any:
    """What comes of using a client of the server."""
    if over == "memory":
        async with Client(mcp) as client:
            return await use(client)
    with served(mcp.http_app()) as base:
        async with Client(f"{base}/mcp") as client:
            return await use(client)


@OVER
async def test_answers_are_kept(over: str) -> None:
    """For their time, of the tools that are named."""
    # snippet: caching
    import asyncio

    from fastmcp import FastMCP
    from fastmcp.server.middleware.caching import CallToolSettings, ResponseCachingMiddleware

    caching = ResponseCachingMiddleware(
        call_tool_settings=CallToolSettings(included_tools=["rate"], ttl=60),
    )
    mcp = FastMCP("Bank", middleware=[caching])

    @mcp.tool
    async def rate(currency: str) -> float:
        """What a euro is worth; to find out takes a while."""
        await asyncio.sleep(0.5)
        return {"USD": 1.1, "CHF": 0.93}[currency]

    # end

    async def use(client: Client) -> list[float]:
        calls = [client.call_tool("rate", {"currency": "USD"}) for _ in range(10)]
        return [each.data for each in await asyncio.gather(*calls)]

    assert await reached(over, mcp, use) == [1.1] * 10

    # snippet: statistics
    calls = caching.statistics().call_tool
    if calls is not None:  # something was called
        print(f"{calls.get.hit} of {calls.get.count} calls were answered from the cache")
    # end
    assert calls is not None
    assert (calls.get.hit, calls.get.count, calls.put.count) == (9, 10, 1)


async def test_answers_may_be_kept_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In any store; for everybody, where that is said."""
    monkeypatch.chdir(tmp_path)

    # snippet: storage
    from key_value.aio.stores.disk import DiskStore

    from fastmcp.server.middleware.caching import ResponseCachingMiddleware

    store = DiskStore(directory="cache")
    caching = ResponseCachingMiddleware(
        cache_storage=store,
        list_tools_settings={"enabled": False},
        read_resource_settings={"ttl": 24 * 3600, "shared": True},
        max_item_size=100_000,
    )
    # end
    mcp, reads = FastMCP("Bank", middleware=[caching]), []

    @mcp.resource("bank://terms")
    def terms() -> str:
        reads.append(1)
        return "terms"

    with served(mcp.http_app(middleware=knows_callers())) as base:
        for user in ("ada", "bob"):
            async with client_of(base, user) as client:
                await client.read_resource("bank://terms")
        mcp.notify_resource_updated("bank://terms")
        async with client_of(base, "ada") as client:
            await client.read_resource("bank://terms")
    await store.close()

    assert len(reads) == 2


@OVER
async def test_requests_are_looked_at_first(over: str) -> None:
    """Before the function."""
    # snippet: validation
    from fastmcp.server.middleware.validation import RequestValidationMiddleware

    def within_limits(context):
        amount = context.message.arguments.get("amount", 0)
        return "That is more than a day's limit" if amount > 10_000 else None

    mcp = FastMCP(
        "Bank",
        middleware=[RequestValidationMiddleware(max_length=1000, checks=[within_limits])],
    )

    @mcp.tool
    def transfer(amount: int, note: str = "") -> str:
        return f"{amount} sent"

    # end

    async def use(client: Client) -> Any:
        async def told(**arguments: Any) -> str:
            result = await client.call_tool("transfer", arguments, raise_on_error=False)
            return result.content[0].text

        return [
            await told(amount=10),
            await told(amount=20_000),
            await told(amount="10"),
            await told(amount=10, note="\x1b[2J"),
            await told(amount=10, to="bob"),
        ]

    told = await reached(over, mcp, use)

    assert told[0] == "10 sent"
    assert "more than a day's limit" in told[1]
    assert "amount: should be an integer" in told[2]
    assert "note: has control characters" in told[3]
    assert "to: is not a parameter" in told[4]


@OVER
async def test_large_results_are_cut(over: str) -> None:
    """To a size that a model can read."""
    # snippet: limiting
    from fastmcp.server.middleware.response_limiting import ResponseLimitingMiddleware

    mcp = FastMCP(
        "Library",
        middleware=[ResponseLimitingMiddleware(max_size=50_000, tools=["read_book"])],
    )

    @mcp.tool
    def read_book(title: str) -> str:
        return "Call me Ishmael. " * 100_000

    # end

    async def use(client: Client) -> Any:
        [tool] = await client.list_tools()
        return tool.output_schema, (await client.call_tool("read_book", {"title": "a"})).content

    schema, [block] = await reached(over, mcp, use)

    assert schema is None
    assert len(block.text) < 50_000
    assert block.text.endswith("[Response truncated due to size limit]")


@OVER
async def test_checks_hold_for_everything(over: str) -> None:
    """For lists and for uses."""
    # snippet: authorization
    from fastmcp.server.middleware.authorization import AuthMiddleware

    def keepers_open_gates(context) -> bool:
        if "gate" not in context.component.tags:
            return True
        return context.token is not None and "keeper" in context.token.scopes

    mcp = FastMCP("Zoo", middleware=[AuthMiddleware(auth=keepers_open_gates)])

    @mcp.tool(tags={"gate"})
    def open_gate() -> str:
        return "open"

    # end

    async def use(client: Client) -> Any:
        with pytest.raises(ToolError, match="Authorization failed"):
            await client.call_tool("open_gate")
        return await client.list_tools()

    assert await reached(over, mcp, use) == []


@OVER
async def test_tools_can_be_added(over: str) -> None:
    """By middleware; and prompts and resources as tools."""
    # snippet: injection
    from fastmcp.server.middleware.tool_injection import (
        PromptToolMiddleware,
        ResourceToolMiddleware,
        ToolInjectionMiddleware,
    )
    from fastmcp.tools import Tool

    def version() -> str:
        return "1.2.3"

    mcp = FastMCP(
        "Zoo",
        middleware=[
            ToolInjectionMiddleware([Tool.from_function(version)]),
            PromptToolMiddleware(),
            ResourceToolMiddleware(),
        ],
    )
    # end

    @mcp.resource("zoo://hours")
    def hours() -> str:
        return "9 to 5"

    @mcp.prompt
    def plan(day: str) -> str:
        return f"Plan {day}"

    async def use(client: Client) -> Any:
        given = {"name": "plan", "arguments": {"day": "Monday"}}
        read = await client.call_tool("read_resource", {"uri": "zoo://hours"})
        prompt = await client.call_tool("get_prompt", given)
        return (
            (await client.call_tool("version")).data,
            read.structured_content["contents"][0]["content"],
            prompt.structured_content["messages"][0]["content"]["text"],
        )

    assert await reached(over, mcp, use) == ("1.2.3", "9 to 5", "Plan Monday")


@OVER
async def test_connections_and_schemas(over: str) -> None:
    """Pings, and schemas without references."""
    # snippet: others
    from fastmcp.server.middleware.dereference import DereferenceRefsMiddleware
    from fastmcp.server.middleware.ping import PingMiddleware

    mcp = FastMCP(
        "Zoo",
        dereference_schemas=False,
        middleware=[PingMiddleware(interval_ms=15_000), DereferenceRefsMiddleware()],
    )
    # end
    from pydantic import BaseModel

    class Animal(BaseModel):
        name: str

    def weigh(animal: Animal) -> str:
        return animal.name

    weigh.__annotations__["animal"] = Animal
    mcp.tool(weigh)

    async def use(client: Client) -> Any:
        [tool] = await client.list_tools()
        return tool.input_schema

    assert "$ref" not in str(await reached(over, mcp, use))
