"""What the official Python SDK 2.x sees of a server, as one JSON document.

`python sdk2.py MODE stdio COMMAND…`, `python sdk2.py MODE http URL` or the same with `sse`; the
mode is legacy or auto.
"""

import asyncio
import json
import sys
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from mcp_types import PromptReference

CHANGES = {
    "PromptsListChanged": "notifications/prompts/list_changed",
    "ResourcesListChanged": "notifications/resources/list_changed",
    "ResourceUpdated": "notifications/resources/updated",
    "ToolsListChanged": "notifications/tools/list_changed",
}


HEARD: list[str] = []
ENOUGH = asyncio.Event()


async def on_message(message: Any) -> None:
    """Note what the server tells unasked."""
    if getattr(message, "method", None) in CHANGES.values():
        HEARD.append(message.method)
        if len(HEARD) == len(CHANGES):
            ENOUGH.set()


async def hear_changes(client: Any) -> list[str]:
    """Watch everything, have the server change it, and tell what was heard."""
    if client.protocol_version < "2026":
        await client.subscribe_resource("config://app")
        await client.call_tool("change", {})
        await asyncio.wait_for(ENOUGH.wait(), 20)
        return sorted(HEARD)
    wanted = {f"{feature}_list_changed": True for feature in ("tools", "prompts", "resources")}
    async with client.listen(**wanted, resource_subscriptions=["config://app"]) as stream:
        await client.call_tool("change", {})
        told = [type(await anext(aiter(stream))).__name__ for _ in CHANGES]
    return sorted(CHANGES[name] for name in told)


async def look(client: Any) -> dict[str, Any]:
    """Use every feature of the server once."""
    steps: list[list[float | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        steps.append([progress, total])

    add = await client.call_tool("add", {"a": 2, "b": 3})
    fail = await client.call_tool("fail", {})
    structured = await client.call_tool("structured", {})
    await client.call_tool("progress", {"n": 3}, progress_callback=on_progress)
    config = await client.read_resource("config://app")
    greet = await client.read_resource("greet://Ada")
    review = await client.get_prompt("review", {"code": "x = 1"})
    ref = PromptReference(type="ref/prompt", name="review")
    completed = await client.complete(ref, {"name": "code", "value": "x"})
    return {
        "protocol": client.protocol_version,
        "server": client.server_info.name if client.server_info else None,
        "tools": sorted(tool.name for tool in (await client.list_tools()).tools),
        "resources": [item.uri for item in (await client.list_resources()).resources],
        "templates": [
            item.uri_template
            for item in (await client.list_resource_templates()).resource_templates
        ],
        "prompts": [prompt.name for prompt in (await client.list_prompts()).prompts],
        "add": [add.content[0].text, add.structured_content],
        "fail": [fail.is_error, fail.content[0].text],
        "structured": structured.structured_content,
        "progress": steps,
        "config": config.contents[0].text,
        "greet": greet.contents[0].text,
        "review": review.messages[0].content.text,
        "completed": completed.completion.values,
        "changes": await hear_changes(client),
    }


async def main(mode: str, transport: str, *target: str) -> None:
    """Connect, look around, print."""
    if transport == "http":
        server: Any = target[0]
    elif transport == "sse":
        server = sse_client(target[0])
    else:
        server = StdioServerParameters(command=target[0], args=[*target[1:]])
    async with Client(
        server, mode=mode, read_timeout_seconds=30, message_handler=on_message
    ) as client:
        print(json.dumps(await look(client)))


asyncio.run(main(*sys.argv[1:]))
