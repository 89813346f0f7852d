"""The four kinds of components, and what providers and transforms call what they do with each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from fastmcp._components.component import Component
from fastmcp.prompts.base import Prompt
from fastmcp.resources.base import Resource
from fastmcp.resources.template import ResourceTemplate
from fastmcp.tools.base import Tool

Feature: TypeAlias = Literal["tools", "resources", "prompts"]


class Kind(Struct, frozen=True):
    """`listing` and `getter` are the methods of providers and transforms; `feature` is the list
    whose clients hear of changes, `method` the request that lists.
    """

    name: str
    noun: str
    feature: Feature
    method: str
    listing: str
    getter: str
    component: type[Component]

    def checked(self, items: Iterable[Any]) -> list[Any]:
        """What was listed, if all of it is of this kind.

        Raises:
            TypeError: it is no list, or something on it is not.
        """
        if not isinstance(items, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"it gave {items!r} for a list of {self.noun}s")
        listed = list(items)
        for item in listed:
            if not isinstance(item, self.component):
                raise TypeError(f"it gave {item!r} for a {self.noun}")
        return listed


TOOLS = Kind("tools", "tool", "tools", "tools/list", "list_tools", "get_tool", Tool)
RESOURCES = Kind(
    "resources",
    "resource",
    "resources",
    "resources/list",
    "list_resources",
    "get_resource",
    Resource,
)
TEMPLATES = Kind(
    "templates",
    "resource template",
    "resources",
    "resources/templates/list",
    "list_resource_templates",
    "get_resource_template",
    ResourceTemplate,
)
PROMPTS = Kind("prompts", "prompt", "prompts", "prompts/list", "list_prompts", "get_prompt", Prompt)
KINDS = (TOOLS, RESOURCES, TEMPLATES, PROMPTS)
FEATURES: tuple[Feature, ...] = ("tools", "resources", "prompts")


def overrides(cls: type[Any], base: type[Any], *names: str) -> bool:
    """Whether a class has its own of any of these methods, beside those of its base."""
    return any(getattr(cls, name, None) is not getattr(base, name, None) for name in names)
