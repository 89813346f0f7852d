"""Area E: calls within calls."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from apps import served
from callers import client_of, knows_callers

from fastmcp import Context, FastMCP


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("tool", ["outer", "plain_outer"])
def test_s090_a_nested_call_has_its_own_context_for_the_same_caller(tool: str, mode: str) -> None:
    """It sees the caller, the session and its state; the outer context is whole afterwards."""
    inner, mcp = FastMCP("inner"), FastMCP("outer")

    @inner.tool
    def who(ctx: Context) -> dict[str, Any]:
        assert Context.current() is ctx
        ctx.set_state("seen", "by inner", serializable=False)
        return {
            "server": ctx.fastmcp.name,
            "user": ctx.user_info.get("sub"),
            "session": ctx.session_id,
            "given": ctx.get_state("given"),
        }

    def about(ctx: Context, found: dict[str, Any]) -> dict[str, Any]:
        assert Context.current() is ctx and ctx.fastmcp is mcp
        return {**found, "session": found["session"] == ctx.session_id}

    @mcp.tool
    async def outer(ctx: Context) -> dict[str, Any]:
        await ctx.set_state("given", "by outer", serializable=False)
        found = about(ctx, await inner.call_tool("who"))
        return {**found, "seen": await ctx.get_state("seen")}

    @mcp.tool
    def plain_outer(ctx: Context) -> dict[str, Any]:
        ctx.set_state("given", "by outer", serializable=False)
        found: Any = inner.call_tool("who")
        return {**about(ctx, found), "seen": ctx.get_state("seen")}

    async def main(base: str) -> Any:
        async with client_of(base, "ann", mode=mode) as client:
            return (await client.call_tool(tool)).data

    with served(mcp.http_app(middleware=knows_callers())) as base:
        found = asyncio.run(main(base))

    assert found == {
        "server": "inner",
        "user": "ann",
        "session": True,
        "given": "by outer",
        "seen": "by inner",
    }
