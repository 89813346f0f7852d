"""What the official Python SDK 2.x sees of a server, as one JSON document.

`python sdk2.py MODE stdio COMMAND…` or `python sdk2.py MODE http URL`; the mode is legacy or auto.
"""

import asyncio
import json
import sys
from typing import Any

from mcp import Client, StdioServerParameters


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
    }


async def main(mode: str, transport: str, *target: str) -> None:
    """Connect, look around, print."""
    if transport == "http":
        server = target[0]
    else:
        server = StdioServerParameters(command=target[0], args=[*target[1:]])
    async with Client(server, mode=mode, read_timeout_seconds=30) as client:
        print(json.dumps(await look(client)))


asyncio.run(main(*sys.argv[1:]))
