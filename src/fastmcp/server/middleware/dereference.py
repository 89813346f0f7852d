"""DereferenceRefsMiddleware: schemas for clients that follow no references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastmcp.resources.template import ResourceTemplate
from fastmcp.tools.base import Tool

from .made_of import made_of
from .middleware import CallNext, Middleware, MiddlewareContext
from .references import dereferenced


class DereferenceRefsMiddleware(Middleware):
    """Lists tools and templates with schemas in which every `$ref` has given way to what it refers
    to; recursion keeps its references, and so does what refers to other documents.

    A server does more than that by itself, unless it was made with `dereference_schemas=False`.
    """

    async def on_list_tools(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Sequence[Tool]]
    ) -> Sequence[Tool]:
        """The list, with schemas that stand by themselves."""
        return [made_of(tool, "dereferenced", _tool) for tool in await call_next(context)]

    async def on_list_resource_templates(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Sequence[ResourceTemplate]]
    ) -> Sequence[ResourceTemplate]:
        """The list, with schemas that stand by themselves."""
        listed = await call_next(context)
        return [made_of(template, "dereferenced", _template) for template in listed]


def _tool(tool: Tool) -> Tool:
    given, gives = tool.parameters, tool.output_schema
    changes: dict[str, Any] = {}
    if (shown := dereferenced(given)) is not given:
        changes["parameters"] = shown
    if gives is not None and (shown := dereferenced(gives)) is not gives:
        changes["output_schema"] = shown
    return tool.model_copy(update=changes) if changes else tool


def _template(template: ResourceTemplate) -> ResourceTemplate:
    given = template.parameters
    shown = dereferenced(given)
    return template if shown is given else template.model_copy(update={"parameters": shown})
