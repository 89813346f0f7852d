"""The server that is measured, on the plain server of the official Python SDK 2.x.

Its two functions are all there is: it checks no arguments, and no schema is made of a function.
"""

import asyncio
from typing import Any

from command import main
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import CallToolResult, ListToolsResult, TextContent, Tool

NUMBERS = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
}

TOOLS = [
    Tool(name=name, description="Add two numbers.", input_schema=NUMBERS)
    for name in ("add", "second", "third", "fourth")
]


async def list_tools(ctx: Any, params: Any) -> ListToolsResult:
    return ListToolsResult(tools=TOOLS)


async def call_tool(ctx: Any, params: Any) -> CallToolResult:
    total = params.arguments["a"] + params.arguments["b"]
    return CallToolResult(
        content=[TextContent(type="text", text=str(total))], structured_content={"result": total}
    )


server = Server("bench", on_list_tools=list_tools, on_call_tool=call_tool)


async def serve_stdio() -> None:
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def http_app(stateless: bool, json: bool) -> Any:
    return server.streamable_http_app(stateless_http=stateless, json_response=json)


if __name__ == "__main__":
    main(lambda: asyncio.run(serve_stdio()), http_app)
