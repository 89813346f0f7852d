"""A call through proxies is one trace."""

from __future__ import annotations

import asyncio

import pytest
from apps import served
from opentelemetry.sdk.trace import ReadableSpan
from settled import wait_until
from telemetry.conftest import recorded as recorded
from telemetry.recorded import Recorded

from fastmcp import Client, FastMCP
from fastmcp.server import create_proxy


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("front", ["legacy", "auto"])
def test_all_spans_of_a_call_are_of_one_trace(recorded: Recorded, mode: str, front: str) -> None:
    """The client's, the proxies', and that of the server behind, each below the one before."""

    async def main() -> None:
        behind = FastMCP("behind")

        @behind.tool
        def work() -> str:
            return "done"

        with served(behind.http_app()) as base:
            proxy = create_proxy(create_proxy(base + "/mcp", mode=mode))
            async with Client(proxy, mode=front) as client:
                await client.call_tool("work")
                recorded.clear()
                await client.call_tool("work")

    asyncio.run(main())

    def calls() -> list[ReadableSpan]:
        return [span for span in recorded.all() if span.name.startswith("tools/call")]

    wait_until(lambda: len(calls()) == 6)
    assert len({span.context.trace_id for span in calls() if span.context}) == 1
    by_id = {span.context.span_id: span for span in calls() if span.context}
    depths: list[int] = []
    for span in calls():
        depth, above = 0, span.parent
        while above is not None and above.span_id in by_id:
            depth, above = depth + 1, by_id[above.span_id].parent
        depths.append(depth)
    assert sorted(depths) == list(range(6))
