"""The index for hosts that start programs: a thin proxy, which forwards stdio to the service.

It offers what the service offers and keeps nothing, so any number of proxies share one index.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from fastmcp import Client, Context, FastMCP
from fastmcp.prompts import Prompt, PromptResult
from fastmcp.resources import Resource, ResourceContent, ResourceTemplate
from fastmcp.resources.template import expand_uri_template
from fastmcp.server.lifespan import lifespan
from fastmcp.tools import Tool

from . import settings


class RemoteTool(Tool):
    """A tool of the service, called with progress."""

    service: Client

    async def run(self, arguments: dict[str, Any]) -> Any:
        progress = Context.current().report_progress
        return await self.service.call_tool_mcp(self.name, arguments, progress_handler=progress)


class RemoteResource(Resource):
    """A resource of the service."""

    service: Client

    async def read(self) -> list[ResourceContent]:
        return _read(await self.service.read_resource(self.uri))


class RemoteTemplate(ResourceTemplate):
    """Resources of the service."""

    service: Client

    async def read(self, arguments: dict[str, Any]) -> list[ResourceContent]:
        uri = expand_uri_template(self.uri_template, arguments)
        return _read(await self.service.read_resource(uri))


class RemotePrompt(Prompt):
    """A prompt of the service."""

    service: Client

    async def render(self, arguments: Mapping[str, Any] | None = None) -> PromptResult:
        prompt = await self.service.get_prompt(self.name, arguments)
        return PromptResult(prompt.messages, prompt.description)


@lifespan
async def connected(server: FastMCP) -> AsyncIterator[None]:
    """Connect to the service, and offer what it offers."""
    async with Client(settings.url()) as service:
        server.instructions = service.instructions
        for tool in await service.list_tools():
            shown = _members(tool, "annotations", "output_schema")
            server.add_tool(RemoteTool(service=service, parameters=tool.input_schema, **shown))
        for resource in await service.list_resources():
            shown = _members(resource, "uri", "mime_type", "annotations")
            server.add_resource(RemoteResource(service=service, **shown))
        for template in await service.list_resource_templates():
            shown = _members(template, "uri_template", "mime_type", "annotations")
            server.add_template(RemoteTemplate(service=service, **shown))
        for prompt in await service.list_prompts():
            shown = _members(prompt, "arguments")
            server.add_prompt(RemotePrompt(service=service, **shown))
        yield


mcp = FastMCP("Indexer", lifespan=connected)


def _members(shown: Any, *names: str) -> dict[str, Any]:
    """What every kind of component is described by, and further members of this one."""
    common = ("name", "title", "description", "icons", "meta")
    return {name: getattr(shown, name) for name in (*common, *names)}


def _read(contents: Iterable[Any]) -> list[ResourceContent]:
    """What the service sent, to be sent on."""
    return [
        ResourceContent(
            base64.b64decode(content.blob) if hasattr(content, "blob") else content.text,
            content.mime_type,
            content.meta,
        )
        for content in contents
    ]
