"""What our client does with `server-everything`, the reference server of the TypeScript SDK.

It has its own tools; the features have the names of those in `features.py`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastmcp import Client

from .features import UPDATED, Ears, Feature, Use, hear_logs, list_pages, raised_by

TEXT = "demo://resource/dynamic/text/7"
BLOB = "demo://resource/dynamic/blob/7"
OFFERED = {
    "echo",
    "get-roots-list",
    "get-structured-content",
    "get-sum",
    "trigger-elicitation-request",
    "trigger-sampling-request",
}


async def list_tools(client: Client, ears: Ears) -> Any:
    return {tool.name for tool in await client.list_tools()} & OFFERED


async def list_resources(client: Client, ears: Ears) -> Any:
    return {one.mime_type for one in await client.list_resources()}


async def list_templates(client: Client, ears: Ears) -> Any:
    return sorted(one.uri_template for one in await client.list_resource_templates())


async def list_prompts(client: Client, ears: Ears) -> Any:
    return sorted(prompt.name for prompt in await client.list_prompts())


async def call_structured(client: Client, ears: Ears) -> Any:
    result = await client.call_tool("get-structured-content", {"location": "Chicago"})
    return result.structured_content, result.data["humidity"]


async def call_mixed(client: Client, ears: Ears) -> Any:
    reference = {"resourceType": "Text", "resourceId": 7}
    _, resource, _ = (await client.call_tool("get-resource-reference", reference)).content
    _, image, _ = (await client.call_tool("get-tiny-image")).content
    return str(resource.resource.uri), image.mime_type


async def call_error(client: Client, ears: Ears) -> Any:
    wrong = {"resourceType": "Text", "resourceId": -1}
    failed = await client.call_tool("get-resource-reference", wrong, raise_on_error=False)
    raised = await raised_by(client.call_tool("nothing"))
    return failed.is_error, "Invalid resourceId: -1" in failed.content[0].text, raised


async def call_together(client: Client, ears: Ears) -> Any:
    given = [f"call {n}" for n in range(20)]
    results = await asyncio.gather(*(client.call_tool("echo", {"message": text}) for text in given))
    return [result.content[0].text for result in results] == [f"Echo: {text}" for text in given]


async def call_text(client: Client, ears: Ears) -> Any:
    return (await client.call_tool("get-sum", {"a": 2, "b": 3})).content[0].text


def telling(tool: str, arguments: Any, wanted: str) -> Use:
    """Call a tool that tells what it was answered; whether that is in it."""

    async def use(client: Client, ears: Ears) -> Any:
        content = (await client.call_tool(tool, arguments)).content
        return wanted in "".join(piece.text for piece in content)

    return use


async def read(client: Client, ears: Ears) -> Any:
    [text] = await client.read_resource(TEXT)
    [blob] = await client.read_resource(BLOB)
    return text.text.partition(":")[0], bool(blob.blob)


async def read_nothing(client: Client, ears: Ears) -> Any:
    return await raised_by(client.read_resource("nothing://here"))


async def prompt(client: Client, ears: Ears) -> Any:
    [message] = (await client.get_prompt("args-prompt", {"city": "Zürich"})).messages
    return message.content.text, await raised_by(client.get_prompt("nothing"))


async def complete(client: Client, ears: Ears) -> Any:
    from fastmcp.types import PromptReference

    ref = PromptReference(name="completable-prompt")
    first = await client.complete(ref, {"name": "department", "value": "S"})
    chosen = {"department": "Sales"}
    return first.values, (await client.complete(ref, {"name": "name", "value": ""}, chosen)).values


async def progress(client: Client, ears: Ears) -> Any:
    slow = {"duration": 0.2, "steps": 2}
    tool = "trigger-long-running-operation"
    await client.call_tool(tool, slow, progress_handler=ears.progress)
    await ears.until(lambda: len(ears.steps) == 2)
    return ears.steps


async def log(client: Client, ears: Ears) -> Any:
    await hear_logs(client)
    await client.subscribe_resource(BLOB)
    wanted = f"Received Subscribe Resource request for URI: {BLOB}"
    await ears.until(lambda: any(text.startswith(wanted) for _, text in ears.logs))
    return [level for level, text in ears.logs if text.startswith(wanted)]


async def hear_of_resource(client: Client, ears: Ears) -> Any:
    await client.subscribe_resource(TEXT)
    await client.call_tool("toggle-subscriber-updates")
    await ears.until(lambda: (UPDATED, TEXT) in ears.told)
    await client.call_tool("toggle-subscriber-updates")
    return True


ASKED = {"prompt": "capital"}
WEATHER = {"temperature": 36, "conditions": "Light rain / drizzle", "humidity": 82}
TEMPLATES = [
    "demo://resource/dynamic/blob/{resourceId}",
    "demo://resource/dynamic/text/{resourceId}",
]
PROMPTS = ["args-prompt", "completable-prompt", "resource-prompt", "simple-prompt"]

FEATURES: dict[str, Feature] = {
    "ping": Feature(lambda client, ears: client.ping(), True),
    "list-tools": Feature(list_tools, OFFERED),
    "list-resources": Feature(list_resources, {"text/markdown"}),
    "list-templates": Feature(list_templates, TEMPLATES),
    "list-prompts": Feature(list_prompts, PROMPTS),
    "list-pages": Feature(list_pages, (True, True, set())),
    "call-text": Feature(call_text, "The sum of 2 and 3 is 5."),
    "call-structured": Feature(call_structured, (WEATHER, 82)),
    "call-mixed": Feature(call_mixed, (TEXT, "image/png")),
    "call-error": Feature(call_error, (True, True, "ToolError")),
    "call-together": Feature(call_together, True),
    "read": Feature(read, ("Resource 7", True)),
    "read-nothing": Feature(read_nothing, "McpError"),
    "prompt": Feature(prompt, ("What's weather in Zürich?", "McpError")),
    "complete": Feature(complete, (["Sales", "Support"], ["David", "Eve", "Frank"])),
    "progress": Feature(progress, [(1, 2, None), (2, 2, None)]),
    "log": Feature(log, ["info"]),
    "elicit": Feature(telling("trigger-elicitation-request", None, "- Favorite Integer: 7"), True),
    "sample": Feature(telling("trigger-sampling-request", ASKED, '"text": "Paris"'), True),
    "roots": Feature(telling("get-roots-list", None, "file:///work"), True),
    "hear-of-resource": Feature(hear_of_resource, True),
}
