"""Schemas with what they refer to in place of the references.

References that lead back to themselves stay, with their definitions, and so do those to other
documents: nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, cast

from fastmcp._components.schemas.pointers import pointed_at

Json: TypeAlias = dict[str, Any]

_DEFINITIONS = ("$defs", "definitions")
_OF_NAMES = ("properties", "patternProperties", "dependentSchemas", *_DEFINITIONS)
_OF_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_OF_ONE = (
    *("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"),
    *("unevaluatedItems", "unevaluatedProperties", "contentSchema"),
)
_WORDS = {"title", "description", "default", "examples", "deprecated", "$comment"}
_LARGE = 4000
"""Subschemas of a schema without references; one that would have more keeps them."""


class _TooLarge(Exception):
    """Definitions that refer to each other can grow without measure."""


def dereferenced(schema: Json) -> Json:
    """The schema without its references; the same object when it has none that could go."""
    try:
        found = _Inlining(schema).run()
    except (_TooLarge, RecursionError):
        return schema
    return schema if found == schema else found


class _Inlining:
    def __init__(self, root: Json) -> None:
        self._root = root
        self._size = 0
        self._circular: dict[str, bool] = {}

    def run(self) -> Json:
        ref: Any = self._root.get("$ref")
        if isinstance(ref, str) and self._leads_back(ref):  # the root itself has to say what it is
            rest = {key: value for key, value in self._root.items() if key != "$ref"}
            shape = self._members(cast("Json", self._target(ref)))
            found = _joined(shape, self._members(rest))
        else:
            found = self._schema(self._root)
        return self._with_definitions(found)

    def _with_definitions(self, found: Json) -> Json:
        """The schema with those of its definitions that something still refers to."""
        for keyword in _DEFINITIONS:
            found.pop(keyword, None)
        needed: Json = {}
        waiting = list(_references(found))
        while waiting:
            ref = waiting.pop()
            if ref in needed or not isinstance(target := self._target(ref), dict):
                continue
            needed[ref] = self._members(target)
            waiting += _references(needed[ref])
        for keyword in _DEFINITIONS:
            given: Json = self._root.get(keyword) or {}
            kept = {name: needed.get(f"#/{keyword}/{_escaped(name)}") for name in given}
            kept = {name: shape for name, shape in kept.items() if shape is not None}
            if kept:
                found = {keyword: kept, **found}
        known = {f"#/{key}/{_escaped(name)}" for key in _DEFINITIONS for name in found.get(key, ())}
        if needed.keys() - known - {"#"}:
            raise _TooLarge  # they refer into what is gone
        return found

    def _schema(self, node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        self._size += 1
        if self._size > _LARGE or ("$id" in node and node is not self._root):
            raise _TooLarge  # inside a schema of its own name, `#` is that schema
        schema = cast("Json", node)
        ref = schema.get("$ref")
        if not isinstance(ref, str) or self._leads_back(ref):
            return self._members(schema)
        target = self._target(ref)
        if target is None:
            return self._members(schema)
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return _joined(self._schema(target), self._members(rest))

    def _members(self, schema: Json) -> Json:
        if "$anchor" in schema or "$dynamicAnchor" in schema:
            raise _TooLarge  # copies of it would share a name
        return _changed(schema, self._schema)

    def _leads_back(self, ref: str) -> bool:
        """Whether what a reference refers to contains that reference again."""
        if ref not in self._circular:
            self._circular[ref] = ref in self._reachable(ref)
        return self._circular[ref]

    def _reachable(self, ref: str) -> set[str]:
        found: set[str] = set()
        waiting = [ref]
        while waiting:
            target = self._target(waiting.pop())
            fresh = set(_references(target)) - found if isinstance(target, dict) else set[str]()
            found |= fresh
            waiting += fresh
        return found

    def _target(self, ref: str) -> Json | bool | None:
        """What a reference inside the document refers to; None for any other."""
        node = pointed_at(self._root, ref)
        return cast("Any", node) if isinstance(node, (dict, bool)) else None


def _changed(schema: Json, change: Callable[[Any], Any]) -> Json:
    """The schema with its subschemas changed."""
    found: Json = {}
    for key, value in schema.items():
        if key in _OF_ONE:
            value = change(value)
        elif key in _OF_NAMES and key not in _DEFINITIONS and isinstance(value, dict):
            value = {name: change(each) for name, each in cast("Json", value).items()}
        elif key in _OF_LISTS and isinstance(value, list):
            value = [change(each) for each in cast("list[Any]", value)]
        found[key] = value
    return found


def _references(node: Any) -> Iterator[str]:
    """The references in a schema, those of its definitions left out."""
    if not isinstance(node, dict):
        return
    schema = cast("Json", node)
    if isinstance(ref := schema.get("$ref"), str):
        yield ref
    for key, value in schema.items():
        if key in _OF_ONE:
            yield from _references(value)
        elif key in _OF_NAMES and key not in _DEFINITIONS and isinstance(value, dict):
            for each in cast("Json", value).values():
                yield from _references(each)
        elif key in _OF_LISTS and isinstance(value, list):
            for each in cast("list[Any]", value):
                yield from _references(each)


def _joined(shape: Any, beside: Json) -> Json:
    """A schema, and what stood beside the reference to it; words about it replace its own."""
    if isinstance(shape, dict) and all(key in _WORDS or key in _DEFINITIONS for key in beside):
        return {**cast("Json", shape), **beside}
    return {**beside, "allOf": [*beside.get("allOf", ()), shape]} if shape is not True else beside


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
