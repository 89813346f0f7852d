"""A backend that asks the client something gets the answer itself."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Any

import pytest
from apps import served

from fastmcp import Client, Context, FastMCP
from fastmcp.client.elicitation import ElicitResult
from fastmcp.proxy import ServerProxy
from fastmcp.server.providers.proxy import ProxyClient


def asking(number: int, ran: list[int]) -> FastMCP:
    mcp = FastMCP(f"asking-{number}")

    @mcp.tool(annotations={"readOnlyHint": True})
    async def order(ctx: Context) -> str:
        ran.append(number)
        first = await ctx.elicit("How many?", response_type=int)
        second = await ctx.elicit("Of what?", response_type=str)
        return f"{first.data} {second.data} by {number}"  # type: ignore[union-attr]

    return mcp


async def answer(message: str, response_type: Any, params: Any, context: Any) -> Any:
    return ElicitResult(action="accept", content={"value": 3 if "many" in message else "tea"})


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_all_rounds_of_a_request_go_to_one_backend(mode: Any) -> None:
    """And the next request to the next."""
    ran: list[int] = []
    proxy = ServerProxy("x", backends=[asking(number, ran) for number in range(3)])

    async def use() -> list[str]:
        async with Client(proxy, mode=mode, elicitation_handler=answer) as client:
            return [(await client.call_tool("order")).data for _ in range(3)]

    assert asyncio.run(use()) == [f"3 tea by {number}" for number in range(3)]
    runs = 3 if mode == "auto" else 1
    assert ran == [number for number in range(3) for _ in range(runs)]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("behind", ["legacy", "auto"])
def test_backends_behind_sockets_ask_through_the_proxy(mode: Any, behind: Any) -> None:
    """In every combination of eras; sessions and rounds alike find their backend again."""
    ran: list[int] = []
    with ExitStack() as stack:
        urls = [
            f"{stack.enter_context(served(asking(number, ran).http_app()))}/mcp"
            for number in range(2)
        ]
        proxy = ServerProxy("x", backends=[ProxyClient(url, mode=behind) for url in urls])

        async def use() -> list[str]:
            options: dict[str, Any] = {"mode": mode, "elicitation_handler": answer}
            async with Client(proxy, timeout=20, **options) as client:
                calls = [client.call_tool("order") for _ in range(4)]
                return sorted([(await call).data for call in calls])

        assert asyncio.run(use()) == ["3 tea by 0"] * 2 + ["3 tea by 1"] * 2
