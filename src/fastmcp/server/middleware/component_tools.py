"""Tools that hand out what a server has of prompts and resources."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Final

from fastmcp.server.context import Context
from fastmcp.tools.base import Tool


async def list_prompts(context: Context) -> list[dict[str, Any]]:
    """List prompts available on the server."""
    return [prompt.model_dump(exclude_none=True) for prompt in await context.list_prompts()]


async def get_prompt(
    context: Context,
    name: Annotated[str, "The name of the prompt to render."],
    arguments: Annotated[dict[str, Any] | None, "The arguments to pass to the prompt."] = None,
) -> dict[str, Any]:
    """Render a prompt available on the server."""
    return (await context.get_prompt(name, arguments)).model_dump(exclude_none=True)


async def list_resources(context: Context) -> list[dict[str, Any]]:
    """List resources available on the server."""
    return [resource.model_dump(exclude_none=True) for resource in await context.list_resources()]


async def read_resource(
    context: Context, uri: Annotated[str, "The URI of the resource to read."]
) -> dict[str, Any]:
    """Read a resource available on the server; what is not text comes as base64."""
    result = await context.read_resource(uri)
    contents = [
        {
            "content": base64.b64encode(each.content).decode()
            if isinstance(each.content, bytes)
            else each.content,
            "mime_type": each.mime_type,
            "meta": each.meta,
        }
        for each in result.contents
    ]
    return {"contents": contents, "meta": result.meta}


list_prompts_tool: Final = Tool.from_function(list_prompts)
get_prompt_tool: Final = Tool.from_function(get_prompt)
list_resources_tool: Final = Tool.from_function(list_resources)
read_resource_tool: Final = Tool.from_function(read_resource)
