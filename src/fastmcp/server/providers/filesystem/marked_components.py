"""The components that a module has: objects, and functions that decorators have marked."""

from __future__ import annotations

from types import ModuleType
from typing import Any, cast

from fastmcp._components.component import Component
from fastmcp._components.marks import Mark, marks_of
from fastmcp.prompts.base import Prompt
from fastmcp.resources.base import Resource
from fastmcp.resources.template import ResourceTemplate
from fastmcp.resources.uri.naming import is_template
from fastmcp.tools.base import Tool

_KINDS = (Tool, Resource, ResourceTemplate, Prompt)


def components_in(module: ModuleType, seen: dict[int, Any]) -> list[Component]:
    """The components under the names of a module that begin with no underscore, in their order.

    What is `seen` already, because it was imported from another module, is left out.
    """
    found: list[Component] = []
    for name, value in list(vars(module).items()):
        if name.startswith("_") or id(value) in seen:
            continue
        made = [value] if isinstance(value, _KINDS) else _made_of(value)
        if made:
            seen[id(value)] = value
            found += made
    return found


def _made_of(value: Any) -> list[Component]:
    try:
        marks = marks_of(value)
    except Exception:  # an object that answers no questions, such as a proxy of what is not there
        return []
    return [_component(mark, value) for mark in marks]


def _component(mark: Mark, function: Any) -> Component:
    options = cast("Any", mark.options)
    if mark.type == "tool":
        return Tool.from_function(function, **options)
    if mark.type == "prompt":
        return Prompt.from_function(function, **options)
    assert mark.uri is not None
    kind = ResourceTemplate if is_template(mark.uri) else Resource
    return kind.from_function(function, mark.uri, **options)
