"""What the client of FastMCP 3.x or 4.x sees of a server over HTTP+SSE, as one JSON document.

`python framework.py legacy sse URL`
"""

import asyncio
import json
import sys
from typing import Any

from fastmcp import Client
from fastmcp.client.transports import SSETransport


def member(item: Any, name: str, older: str) -> Any:
    """A member by its name in 4.x, or else in 3.x."""
    return getattr(item, name) if hasattr(item, name) else getattr(item, older)


async def main(url: str) -> None:
    """Connect, look around, print."""
    steps: list[list[float | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        steps.append([progress, total])

    async with Client(SSETransport(url), progress_handler=on_progress) as client:
        greeted = client.initialize_result
        add = await client.call_tool("add", {"a": 2, "b": 3})
        fail = await client.call_tool("fail", raise_on_error=False)
        await client.call_tool("progress", {"n": 3})
        [message] = (await client.get_prompt("review", {"code": "x = 1"})).messages
        seen = {
            "protocol": str(member(greeted, "protocol_version", "protocolVersion")),
            "server": member(greeted, "server_info", "serverInfo").name,
            "tools": sorted(tool.name for tool in await client.list_tools()),
            "resources": [str(item.uri) for item in await client.list_resources()],
            "templates": [
                member(item, "uri_template", "uriTemplate")
                for item in await client.list_resource_templates()
            ],
            "prompts": [prompt.name for prompt in await client.list_prompts()],
            "add": [add.content[0].text, add.structured_content],
            "fail": [fail.is_error, fail.content[0].text],
            "structured": (await client.call_tool("structured")).structured_content,
            "config": (await client.read_resource("config://app"))[0].text,
            "greet": (await client.read_resource("greet://Ada"))[0].text,
            "review": message.content.text,
            "progress": steps,
        }
    print(json.dumps(seen))


asyncio.run(main(sys.argv[3]))
