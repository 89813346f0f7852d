"""The lists that servers have, and the requests for what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, to_builtins

from fastmcp._runtime.faults import resource_not_found
from fastmcp.exceptions import InvalidParams, McpError, UnknownComponent
from fastmcp.wire.features import (
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
)


class Listing(Struct, frozen=True):
    """One list: its method, what that answers, the member with the items, and what names an item.

    `noun` is for errors; a list of what has URIs has none.
    """

    method: str
    result: type[Any]
    items: str
    key: str
    noun: str | None = None

    def unknown(self, name: str) -> McpError:
        """The error that a server has for a name that it does not."""
        if self.noun is None:
            return resource_not_found(name)
        return UnknownComponent(f"Unknown {self.noun}: {name!r}")


TOOLS = Listing("tools/list", ListToolsResult, "tools", "name", "tool")
PROMPTS = Listing("prompts/list", ListPromptsResult, "prompts", "name", "prompt")
RESOURCES = Listing("resources/list", ListResourcesResult, "resources", "uri")
TEMPLATES = Listing(
    "resources/templates/list", ListResourceTemplatesResult, "resource_templates", "uri_template"
)
LISTINGS = {each.method: each for each in (TOOLS, PROMPTS, RESOURCES, TEMPLATES)}

_TARGETS = {
    "tools/call": (TOOLS, "name"),
    "prompts/get": (PROMPTS, "name"),
    "resources/read": (RESOURCES, "uri"),
    "resources/subscribe": (RESOURCES, "uri"),
    "resources/unsubscribe": (RESOURCES, "uri"),
}
_REFERENCES = {"ref/prompt": (PROMPTS, "name"), "ref/resource": (TEMPLATES, "uri")}


class Target(Struct, frozen=True):
    """What a request is for: the item of a list, by name."""

    listing: Listing
    name: str
    member: str
    reference: dict[str, Any] | None = None

    def renamed(self, params: Mapping[str, Any], name: str) -> dict[str, Any]:
        """The parameters of the same request for another name."""
        if self.reference is None:
            return {**params, self.member: name}
        return {**params, "ref": {**self.reference, self.member: name}}


def target_of(method: str, params: Mapping[str, Any]) -> Target | None:
    """What a request is for; None for a method that is for nothing in a list.

    Raises:
        InvalidParams: it does not say.
    """
    reference: dict[str, Any] | None = None
    if method == "completion/complete":
        reference = to_builtins(params.get("ref"))
        kind = reference.get("type") if isinstance(reference, dict) else None
        place = _REFERENCES.get(str(kind))
        if place is None or reference is None:
            raise InvalidParams("completion/complete needs a ref to a prompt or a template")
    else:
        place = _TARGETS.get(method)
        if place is None:
            return None
    listing, member = place
    name = (params if reference is None else reference).get(member)
    if not isinstance(name, str):
        raise InvalidParams(f"{method} needs a {member}")
    return Target(listing, name, member, reference)
