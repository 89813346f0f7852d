"""Sampling from the official library's client."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from apps import served
from mcp import Client, types

from fastmcp import Context, FastMCP


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_official_client_is_led_through_a_conversation_with_tools(mode: str) -> None:
    """It takes what it is asked, and its answers are understood, in both eras."""
    mcp = FastMCP("sampler")
    asked: list[types.CreateMessageRequestParams] = []
    added: list[int] = []

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        added.append(a + b)
        return a + b

    @mcp.tool
    def compute(ctx: Context) -> int:
        result: Any = ctx.sample("2 + 3", model="small", tools=[add], result_type=int)
        return result.result

    async def model(context: Any, params: types.CreateMessageRequestParams) -> Any:
        asked.append(params)
        last = len(asked) == 2
        call = types.ToolUseContent(
            type="tool_use",
            id=f"call-{len(asked)}",
            name="final_response" if last else "add",
            input={"value": 5} if last else {"a": 2, "b": 3},
        )
        return types.CreateMessageResultWithTools(
            role="assistant", content=[call], model="official", stop_reason="toolUse"
        )

    async def main(url: str) -> Any:
        capabilities = types.SamplingCapability(tools=types.SamplingToolsCapability())
        async with Client(
            url, sampling_callback=model, sampling_capabilities=capabilities, mode=mode
        ) as client:
            return await client.call_tool("compute", {})

    with served(mcp.http_app()) as base:
        result = asyncio.run(main(f"{base}/mcp"))

    assert result.structured_content == {"result": 5}, result
    assert added == [5]
    assert [tool.name for tool in asked[1].tools or ()] == ["add", "final_response"]
    [told] = asked[1].messages[2].content_as_list
    assert told.content[0].text == "5"
