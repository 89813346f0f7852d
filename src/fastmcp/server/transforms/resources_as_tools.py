"""ResourcesAsTools: a server's resources for clients that know tools only."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import json

from fastmcp.tools.base import Tool
from fastmcp.wire.features import ToolAnnotations

from .prompts_as_tools import indented
from .server_tools import ServerTools, told_to_the_model

if TYPE_CHECKING:
    from fastmcp.resources.base import Resource, ResourceContent, ResourceResult
    from fastmcp.resources.template import ResourceTemplate

READ_ONLY = ToolAnnotations(read_only_hint=True)


class ResourcesAsTools(ServerTools):
    """Adds the tools `list_resources` and `read_resource`. They see and do what the client that
    calls them could itself, through the middleware of the server.

    Raises:
        TypeError: it is given no server.
    """

    def _make_tools(self) -> Sequence[Tool]:
        server = self._provider

        async def list_resources() -> str:
            """List all resources and resource templates, as JSON.

            A resource has a `uri`; a template has a `uri_template`, whose {parameters} are to be
            filled in.
            """
            resources = await self._listed("resources/list")
            templates = await self._listed("resources/templates/list")
            return indented(
                [*map(_resource, resources), *(_template(template) for template in templates)]
            )

        async def read_resource(
            uri: Annotated[str, "The URI, without parameters that are not filled in"],
        ) -> Any:
            """Read a resource. What is not text comes as base64."""
            with told_to_the_model():
                result: Any = await server.read_resource(uri)
            return _shown(result) if hasattr(result, "contents") else result  # it asks for input

        return (
            Tool.from_function(list_resources, annotations=READ_ONLY),
            Tool.from_function(read_resource, annotations=READ_ONLY, output_schema=None),
        )


def _resource(resource: Resource) -> dict[str, Any]:
    return {
        "uri": resource.uri,
        "name": resource.name,
        "description": resource.description,
        "mime_type": resource.mime_type,
    }


def _template(template: ResourceTemplate) -> dict[str, Any]:
    return {
        "uri_template": template.uri_template,
        "name": template.name,
        "description": template.description,
    }


def _shown(result: ResourceResult) -> str:
    """A single content as it is, several as JSON."""
    if len(result.contents) == 1:
        return _text(result.contents[0])
    several = [{"content": _text(c), "mime_type": c.mime_type} for c in result.contents]
    return json.encode(several).decode()


def _text(content: ResourceContent) -> str:
    if isinstance(content.content, bytes):
        return base64.b64encode(content.content).decode()
    return content.content
