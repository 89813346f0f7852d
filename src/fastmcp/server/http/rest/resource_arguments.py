"""What the query of a resource or a template can give, as JSON Schema."""

from __future__ import annotations

from typing import Any

from fastmcp._components.schemas.portable import portable
from fastmcp.resources.base import Resource
from fastmcp.resources.function_resource import FunctionResource
from fastmcp.resources.template import ResourceTemplate


def resource_arguments(resource: Resource) -> dict[str, Any]:
    """The optional parameters of a resource's function."""
    return portable(resource.signature.schema) if isinstance(resource, FunctionResource) else {}


def template_arguments(template: ResourceTemplate) -> dict[str, Any]:
    """The parameters of a template's function; without one, the variables as texts."""
    if template.arguments_schema:
        return portable(template.arguments_schema)
    matcher = template.matcher
    if matcher is None:
        return {}
    names = sorted(matcher.filled | matcher.queried)
    return {
        "properties": {name: {"type": "string"} for name in names},
        "required": sorted(matcher.filled),
    }
