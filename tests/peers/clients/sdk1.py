"""What the official Python SDK 1.x sees of a server, as one JSON document.

`python sdk1.py MODE stdio COMMAND…`, `python sdk1.py MODE http URL` or the same with `sse`; the
mode is always legacy.
"""

import asyncio
import json
import sys
from datetime import timedelta
from typing import Any

from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import PromptReference
from pydantic import AnyUrl

CHANGES = (
    "notifications/prompts/list_changed",
    "notifications/resources/list_changed",
    "notifications/resources/updated",
    "notifications/tools/list_changed",
)


HEARD: list[str] = []
ENOUGH = asyncio.Event()


async def on_message(message: Any) -> None:
    """Note what the server tells unasked."""
    if hasattr(message, "root") and message.root.method in CHANGES:
        HEARD.append(message.root.method)
        if len(HEARD) == len(CHANGES):
            ENOUGH.set()


async def look(session: Any) -> dict[str, Any]:
    """Use every feature of the server once."""
    steps: list[list[float | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        steps.append([progress, total])

    greeted = await session.initialize()
    add = await session.call_tool("add", {"a": 2, "b": 3})
    fail = await session.call_tool("fail", {})
    structured = await session.call_tool("structured", {})
    await session.call_tool("progress", {"n": 3}, progress_callback=on_progress)
    config = await session.read_resource(AnyUrl("config://app"))
    greet = await session.read_resource(AnyUrl("greet://Ada"))
    review = await session.get_prompt("review", {"code": "x = 1"})
    ref = PromptReference(type="ref/prompt", name="review")
    completed = await session.complete(ref, {"name": "code", "value": "x"})
    await session.subscribe_resource(AnyUrl("config://app"))
    await session.call_tool("change", {})
    await asyncio.wait_for(ENOUGH.wait(), 20)
    return {
        "protocol": greeted.protocolVersion,
        "server": greeted.serverInfo.name,
        "tools": sorted(tool.name for tool in (await session.list_tools()).tools),
        "resources": [str(item.uri) for item in (await session.list_resources()).resources],
        "templates": [
            item.uriTemplate for item in (await session.list_resource_templates()).resourceTemplates
        ],
        "prompts": [prompt.name for prompt in (await session.list_prompts()).prompts],
        "add": [add.content[0].text, add.structuredContent],
        "fail": [fail.isError, fail.content[0].text],
        "structured": structured.structuredContent,
        "progress": steps,
        "config": config.contents[0].text,
        "greet": greet.contents[0].text,
        "review": review.messages[0].content.text,
        "completed": completed.completion.values,
        "changes": sorted(HEARD),
    }


async def main(transport: str, *target: str) -> None:
    """Connect, look around, print."""
    if transport == "http":
        connection: Any = streamable_http_client(target[0])
    elif transport == "sse":
        connection = sse_client(target[0])
    else:
        connection = stdio_client(StdioServerParameters(command=target[0], args=[*target[1:]]))
    patience: Any = timedelta(seconds=30)
    async with (
        connection as (read, write, *_),
        ClientSession(read, write, patience, message_handler=on_message) as session,
    ):
        print(json.dumps(await look(session)))


asyncio.run(main(*sys.argv[2:]))
