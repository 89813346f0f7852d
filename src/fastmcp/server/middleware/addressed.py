"""Which component a request is for."""

from __future__ import annotations

from typing import Any

from fastmcp._components.component import Component
from fastmcp.exceptions import NotFoundError
from fastmcp.server.catalogue import version_asked_for
from fastmcp.server.context import Context
from fastmcp.wire.completion import PromptReference
from fastmcp.wire.features import (
    CallToolRequestParams,
    GetPromptRequestParams,
    ReadResourceRequestParams,
)
from fastmcp.wire.resource_names import canonical_uri

from .injected import injected_tool


async def addressed(context: Context, message: Any) -> Component | None:
    """The component that these parameters name, in the version that they ask for, as far as the
    session sees it; what its own checks say of the caller is another matter.
    """
    if isinstance(message, CallToolRequestParams):
        tool = injected_tool(context.fastmcp, message.name)
        if tool is not None:
            return tool
        return await context.catalogue.tools.get(message.name, version_asked_for(message.meta))
    if isinstance(message, GetPromptRequestParams):
        return await context.catalogue.prompts.get(message.name, version_asked_for(message.meta))
    if isinstance(message, ReadResourceRequestParams):
        return await resource_at(context, message.uri, version_asked_for(message.meta))
    ref = getattr(message, "ref", None)
    if isinstance(ref, PromptReference):
        return await context.catalogue.prompts.get(ref.name)
    return None if ref is None else await _completed(context, canonical_uri(ref.uri))


async def resource_at(context: Context, uri: Any, version: str | None = None) -> Component | None:
    """The resource of that URI, or the template that matches it."""
    try:
        found = await context.catalogue.get_resource(canonical_uri(str(uri)), version)
    except NotFoundError:
        return None  # screened: its values lead elsewhere
    return None if found is None else found[0]


async def _completed(context: Context, uri: str) -> Component | None:
    catalogue = context.catalogue
    return await catalogue.templates.get(uri) or await catalogue.resources.get(uri)
