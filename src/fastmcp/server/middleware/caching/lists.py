"""Lists of components as they are kept: what clients see of each, and components made of that."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from msgspec import convert, json

from fastmcp._components.component import Component
from fastmcp._components.writing import simpler
from fastmcp.prompts.base import Prompt
from fastmcp.resources.base import Resource
from fastmcp.tools.base import Tool
from fastmcp.wire.content import Annotations, Icon
from fastmcp.wire.features import PromptArgument, ToolAnnotations, ToolExecution

# How many lists stay as components: their entries are written once, as those of the server's are.
MAX_LISTS = 64

_write = json.Encoder(enc_hook=simpler).encode
_KINDS: dict[str, type[Component]] = {"tool": Tool, "resource": Resource, "prompt": Prompt}
_UNSHOWN = {"auth", "task", "enabled", "security"}


class Lists:
    """Reads and writes lists. Those that are the same text are the same components."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Sequence[Component]] = OrderedDict()
        self._lock = threading.Lock()

    def write(self, listed: Any) -> bytes | None:
        """The JSON of a list; None for one that has several versions of a component, which is not
        what clients are shown.
        """
        if len({component._address for component in listed}) < len(listed):
            return None
        written = _write([_members(component) for component in listed])
        self._keep(written.decode(), listed)
        return written

    def read(self, text: str) -> Sequence[Component]:
        """The list in its JSON."""
        with self._lock:
            known = self._known.get(text)
            if known is not None:
                self._known.move_to_end(text)
                return list(known)
        made = [_component(members) for members in json.decode(text)]
        self._keep(text, made)
        return list(made)

    def _keep(self, text: str, listed: Sequence[Component]) -> None:
        with self._lock:
            self._known[text] = tuple(listed)
            while len(self._known) > MAX_LISTS:
                self._known.popitem(last=False)


def _members(component: Component) -> dict[str, Any]:
    kind = _KINDS[component.KIND]
    names = [name for name in kind.__struct_fields__ if name not in _UNSHOWN]
    members: dict[str, Any] = {name: getattr(component, name) for name in names}
    if isinstance(component, Resource):
        members["size"] = component.to_mcp_resource().size
    return {"kind": component.KIND, "versions": vars(component).get("versions"), **members}


def _component(members: dict[str, Any]) -> Component:
    kind, versions = members.pop("kind"), members.pop("versions")
    annotations = ToolAnnotations if kind == "tool" else Annotations
    for name, meant in (
        ("icons", list[Icon]),
        ("annotations", annotations),
        ("execution", ToolExecution),
        ("arguments", list[PromptArgument]),
    ):
        if members.get(name) is not None:
            members[name] = convert(members[name], meant)
    members["tags"] = set(members["tags"])
    component = _KINDS[kind](**members)
    if versions is not None:
        vars(component)["versions"] = tuple(versions)
    return component
