"""BodyShape: the properties of a request's body, which become arguments beside its parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from fastmcp._components.schemas.pointers import pointed_at

from .document import Document, Json, as_object

_VISITS = 1000
"""Schemas that are looked at for the properties of one body."""


class BodyShape:
    """What a body's schema says of an object: its own properties and those of all its parts.

    A schema that has alternatives beside its properties has theirs, too, as optional ones, for the
    model to choose. `is_open` says that there may be others.
    """

    def __init__(self, document: Document, schema: Any, place: str) -> None:
        self._document = document
        self._place = place
        self._visits = 0
        self.properties: Json = {}
        self.required: list[str] = []
        self.is_open: bool = False
        self.root: dict[str, Any] = self._followed(schema)
        alternatives: list[Any] = []
        self._take(schema, set(), alternatives)
        if self.properties:
            self._take_optional(alternatives)

    def _followed(self, schema: Any) -> Json:
        """The schema itself, where there is only a reference to it."""
        seen: set[str] = set()
        while isinstance(schema, dict):
            members = cast("Json", schema)
            ref: Any = members.get("$ref")
            if not isinstance(ref, str) or ref in seen:
                return members
            seen.add(ref)
            schema = self._document.schema_at(ref, self._place)
        return {}

    def _take(self, node: Any, seen: set[int], alternatives: list[Any]) -> None:
        for schema in self._parts(node, seen):
            self.properties.update(as_object(schema.get("properties")))
            required: Any = schema.get("required")
            if isinstance(required, list):
                names = cast("list[Any]", required)
                self.required += [n for n in names if isinstance(n, str) and n not in self.required]
            if schema.get("additionalProperties") not in (None, False):
                self.is_open = True
            alternatives += self._alternatives(schema)

    def _parts(self, node: Any, seen: set[int]) -> Iterator[Json]:
        """The schemas that all apply to the same object, the inner ones first."""
        self._visits += 1
        if not isinstance(node, dict) or id(cast("Any", node)) in seen or self._visits > _VISITS:
            return
        schema = cast("Json", node)
        seen.add(id(schema))
        ref: Any = schema.get("$ref")
        if isinstance(ref, str):
            yield from self._parts(self._document.schema_at(ref, self._place), seen)
        members: Any = schema.get("allOf")
        for member in cast("list[Any]", members) if isinstance(members, list) else []:
            yield from self._parts(member, seen)
        yield schema

    def _alternatives(self, schema: Json) -> list[Any]:
        found: list[Any] = []
        for keyword in ("anyOf", "oneOf"):
            members: Any = schema.get(keyword)
            if isinstance(members, list):
                found += cast("list[Any]", members)
        mapping = as_object(as_object(schema.get("discriminator")).get("mapping"))
        for target in mapping.values():
            found += self._mapped(target)
        return found

    def _mapped(self, target: Any) -> list[Any]:
        """The schema of a discriminator's value: by reference, or by its bare name."""
        if not isinstance(target, str):
            return []
        ref = target if target.startswith("#") else f"#/components/schemas/{target}"
        return [{"$ref": ref}] if ref not in self._document.doubtful and self._exists(ref) else []

    def _exists(self, ref: str) -> bool:
        return isinstance(pointed_at(self._document.root, ref), dict)

    def _take_optional(self, alternatives: list[Any]) -> None:
        offered: dict[str, list[Any]] = {}
        for alternative in alternatives:
            for schema in self._parts(alternative, set()):
                for name, one in as_object(schema.get("properties")).items():
                    known = offered.setdefault(name, [])
                    if name not in self.properties and one not in known:
                        known.append(one)
        for name, choices in offered.items():
            if choices:
                self.properties[name] = choices[0] if len(choices) == 1 else {"anyOf": choices}
