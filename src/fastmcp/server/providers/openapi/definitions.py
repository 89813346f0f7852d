"""Definitions: the schemas of a document that others refer to, each converted once."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from typing import Any, cast

from msgspec import Struct

from .document import Document, Json
from .inlining import Inliner
from .schema_conversion import Conversion, Direction, outline

_COMPONENT = re.compile(r"#/components/schemas/([^/%~]+)")
_HOPS = 16
"""References that lead to references alone."""
_UNNAMEABLE = re.compile(r"[^A-Za-z0-9_.-]+")


class Definition(Struct):
    """A schema as JSON Schema, the names of those that it refers to, and how many it is made of."""

    schema: Any
    refs: tuple[str, ...]
    in_place: list[tuple[str, Json]]
    size: int
    settled: bool = False


class Definitions:
    """Those of one direction: requests leave out what is read only, answers what is write only."""

    def __init__(self, document: Document, direction: Direction) -> None:
        self.document = document
        self._direction: Direction = direction
        self._hidden = "readOnly" if direction == "input" else "writeOnly"
        self._names: dict[str, str] = {}
        self._targets: dict[str, tuple[str, Any]] = {}
        self._made: dict[str, Definition] = {}
        self._simple: dict[int, Any] = {}
        self._inliner = Inliner(self._settled)

    def conversion(self, place: str) -> Conversion:
        """What converts the schemas of one place, which errors name."""

        def name_of(ref: str) -> str:
            return self._names.get(ref) or self._name(ref, place)

        def forbidden(node: Any) -> bool:
            return self.is_hidden(node, place)

        is_old = self.document.minor == 0
        return Conversion(name_of, forbidden, self._direction, nullable=is_old)

    def needed(self, refs: Iterable[str], room: int) -> Json:
        """All that the names lead to. When `room` schemas are there, the others are told by their
        type alone; the nearest come first.
        """
        found: Json = {}
        waiting = deque(refs)
        while waiting:
            name = waiting.popleft()
            if name in found:
                continue
            made = self.definition(name)
            if made.size > room:
                found[name] = outline(made.schema)
                continue
            room -= made.size
            self._settle(name)
            found[name] = made.schema
            waiting.extend(made.refs)
        return found

    def of_parameter(self, node: Any, conversion: Conversion) -> Any:
        """The schema of a parameter, which operations may share, converted."""
        known = self._simple.get(id(node))
        if known is None:
            known = conversion.convert(node)
            if not conversion.refs:  # those of one operation are its own
                self._simple[id(node)] = known
        return known

    def in_full(self, node: Any, conversion: Conversion) -> Any:
        """The schema, converted: where there is only a reference, what it refers to."""
        ref = only_reference(node)
        if ref is None:
            return conversion.convert(node)
        name = conversion.name_of(ref)
        for _ in range(_HOPS):
            schema = self._settled(name)
            ref = only_reference(schema)
            if ref is None:
                conversion.refs.update(dict.fromkeys(self.definition(name).refs))
                return schema
            name = ref.removeprefix("#/$defs/")
        return {}

    def inlined(self, schema: Json, room: int) -> Json:
        """A schema that was made here, without references; see `inlining`."""
        return self._inliner.inlined(schema, room) if "$defs" in schema else schema

    def _settled(self, name: str) -> Any:
        self._settle(name)
        return self.definition(name).schema

    def definition(self, name: str) -> Definition:
        """The definition of a name."""
        made = self._made.get(name)
        if made is None:
            ref, target = self._targets[name]
            conversion = self.conversion(ref)
            schema = conversion.convert(target)
            made = Definition(
                schema, tuple(conversion.refs), conversion.in_place, conversion.size + 1
            )
            self._made[name] = made
        return made

    def _name(self, ref: str, place: str) -> str:
        target = self.document.schema_at(ref, place)
        known = _COMPONENT.fullmatch(ref)
        text = known[1] if known else "_".join(ref.split("/")[-2:])
        base = _UNNAMEABLE.sub("_", text).strip("_") or "schema"
        name, count = base, 1
        while name in self._targets:
            count += 1
            name = f"{base}_{count}"
        self._names[ref] = name
        self._targets[name] = ref, target
        return name

    def followed(self, node: Any) -> Json:
        """What a reference to a schema refers to, or the schema itself; not converted."""
        for _ in range(_HOPS):
            if not isinstance(node, dict):
                return {}
            ref: Any = cast("Json", node).get("$ref")
            if not isinstance(ref, str):
                return cast("Json", node)
            node = self.document.schema_at(ref, ref)
        return {}

    def is_hidden(self, node: Any, place: str) -> bool:
        """Whether a property is none of this direction."""
        if not isinstance(node, dict):
            return False
        schema = cast("Json", node)
        ref: Any = schema.get("$ref")
        if isinstance(ref, str) and self._hidden not in schema:
            target = self.document.schema_at(ref, place)
            schema = target if isinstance(target, dict) else {}
        return schema.get(self._hidden) is True

    def _settle(self, name: str) -> None:
        """Let go of references by which a schema would have to apply to a value for ever."""
        path: dict[str, None] = {}
        stack: list[tuple[str, int]] = [(name, 0)]
        while stack:
            current, position = stack.pop()
            made = self.definition(current)
            if made.settled:
                continue
            path[current] = None
            if position == len(made.in_place):
                made.settled = True
                del path[current]
                continue
            target, holder = made.in_place[position]
            stack.append((current, position + 1))
            if target in path:
                holder.pop("$ref", None)
            else:
                stack.append((target, 0))


def only_reference(schema: Any) -> str | None:
    """The reference of a schema that is nothing else."""
    if not isinstance(schema, dict):
        return None
    members = cast("Json", schema)
    ref: Any = members.get("$ref")
    return ref if isinstance(ref, str) and len(members) == 1 else None
