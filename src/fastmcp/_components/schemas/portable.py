"""The schema profile that every client can read: nothing to look up, and arrays say what they hold.

Many clients, and the models behind them, follow no `$ref`. Here references inside the schema give
way to what they refer to; recursion ends after a few levels in the target's bare shape, which
allows whatever the target does. A schema that would grow too large by that keeps its references.
References to other documents are left alone: nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, cast
from urllib.parse import unquote

from .pointers import pointed_at

Json: TypeAlias = dict[str, Any]

_LEVELS = (3, 2)
"""How often a schema that contains itself is shown inside itself, as far as it stays small."""

_SMALL = 200
_LARGE = 4000
"""Subschemas: of a recursive schema shown several times, and of any schema at all."""

_OF_NAMES = ("properties", "patternProperties", "dependentSchemas")
_OF_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_OF_ONE = {
    *("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"),
    *("unevaluatedItems", "unevaluatedProperties", "contentSchema"),
}
_DEFINITIONS = ("$defs", "definitions")
_REFERENCES = ("$ref", "$dynamicRef")
_ANNOTATIONS = {
    *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
    "$comment",
}


class _Irreducible(Exception):
    """Without its references the schema would be too large, or another one."""


def portable(schema: Json) -> Json:
    """The schema without references, as far as it can do without them.

    It is the same object when there is nothing to do, and shares parts with it otherwise.
    """
    try:
        if not _is_needed(schema):
            return schema
        found = _inlined(schema)
    except RecursionError:
        return schema  # nested deeper than anything a function makes
    return schema if found == schema else found


def _inlined(schema: Json) -> Json:
    once = _Inlining(schema, levels=1, limit=_LARGE)
    try:
        found = once.run()
    except _Irreducible:
        return _Inlining(schema, levels=0, limit=_LARGE).kept(schema)
    for levels in _LEVELS if once.cut else ():
        try:
            return _Inlining(schema, levels=levels, limit=_SMALL).run()
        except _Irreducible:
            continue
    return found


class _Inlining:
    """One attempt. `cut` tells whether recursion ended in a bare shape, `left` whether some
    reference stayed.
    """

    __slots__ = ("_anchors", "_levels", "_limit", "_root", "_size", "cut", "left")

    def __init__(self, root: Json, *, levels: int, limit: int) -> None:
        self._root = root
        self._levels = levels
        self._limit = limit
        self._size = 0
        self._anchors: dict[str, Json] | None = None
        self.cut = False
        self.left = False

    def run(self) -> Json:
        found = self._schema(self._root, (id(self._root),))
        if self.left:
            kept = {key: self._root[key] for key in _DEFINITIONS if key in self._root}
            found.update((key, self._each(value, self.kept)) for key, value in kept.items())
        return found

    def kept(self, node: Any) -> Any:
        """The schema with its references, and the rest of the profile."""
        if not isinstance(node, dict):
            return node
        schema = cast("Json", node)
        found = self._members(schema, self.kept)
        for key in _DEFINITIONS:
            if isinstance(schema.get(key), dict):
                found[key] = self._each(schema[key], self.kept)
        if isinstance(name := found.pop("$dynamicRef", None), str):
            found = {**self._bare(self._target(name)), **found}
        return _with_items(found)

    def _schema(self, node: Any, path: tuple[int, ...]) -> Any:
        if not isinstance(node, dict):
            return node
        self._size += 1
        if self._size > self._limit or ("$id" in node and node is not self._root):
            raise _Irreducible  # inside a schema of its own name, `#` is that schema
        found = self._members(cast("Json", node), lambda inner: self._schema(inner, path))
        found.pop("$anchor", None)  # nothing refers to it, and two copies must not share it
        for keyword in _REFERENCES:
            if isinstance(ref := found.get(keyword), str):
                target = self._target(ref)
                if target is None and keyword == "$ref":
                    self.left = True
                    continue
                del found[keyword]
                found = _joined(self._place(target, path), found)
        return _without_mapping(_with_items(found))

    def _place(self, target: Any, path: tuple[int, ...]) -> Any:
        if target is None:
            return {}
        if path.count(id(target)) >= self._levels:
            self.cut = True
            return self._bare(target)
        return self._schema(target, (*path, id(target)))

    def _members(self, node: Json, read: Callable[[Any], Any]) -> Json:
        """The keywords of a schema, its subschemas read; definitions are left out."""
        found: Json = {}
        for key, value in node.items():
            if key in _OF_ONE:
                value = read(value)
            elif key in _OF_NAMES and isinstance(value, dict):
                value = self._each(value, read)
            elif key in _OF_LISTS and isinstance(value, list):
                value = [read(each) for each in cast("list[Any]", value)]
            elif key == "$dynamicAnchor" or key in _DEFINITIONS:
                continue
            found[key] = value
        return found

    def _each(self, named: Any, read: Callable[[Any], Any]) -> Json:
        return {name: read(value) for name, value in cast("Json", named).items()}

    def _target(self, ref: str) -> Any:
        """What a reference inside the schema refers to; None for any other."""
        if not ref.startswith("#"):
            return None
        pointer = unquote(ref[1:])
        if pointer and not pointer.startswith("/"):
            if self._anchors is None:
                self._anchors = dict(_anchors(self._root))
            return self._anchors.get(pointer)
        node = pointed_at(self._root, ref)
        return cast("Any", node) if isinstance(node, (dict, bool)) else None

    def _bare(self, target: Any, hops: int = 4) -> Json:
        """The little that is said of a schema inside itself."""
        if not isinstance(target, dict) or not hops:
            return {}
        node = cast("Json", target)
        if isinstance(ref := node.get("$ref"), str):
            return self._bare(self._target(ref), hops - 1)
        if "type" in node:
            return _with_items({"type": node["type"]})
        if "properties" in node:
            return {"type": "object"}
        shapes: list[Json] = []
        for member in cast("list[Any]", node.get("anyOf") or node.get("oneOf") or ()):
            shape = self._bare(member, hops - 1)
            if not shape:
                return {}
            if shape not in shapes:
                shapes.append(shape)
        return {"anyOf": shapes} if shapes else {}


def _is_needed(node: Any) -> bool:
    if not isinstance(node, dict):
        return False
    schema = cast("Json", node)
    if "$ref" in schema or "$defs" in schema or "$dynamicRef" in schema:
        return True
    if "definitions" in schema or "$dynamicAnchor" in schema or _lacks_items(schema):
        return True
    return any(_is_needed(inner) for inner in _inner(schema))


def _inner(schema: Json) -> Iterator[Any]:
    for key, value in schema.items():
        if key in _OF_ONE:
            yield value
        elif (key in _OF_NAMES or key in _DEFINITIONS) and isinstance(value, dict):
            yield from cast("Json", value).values()
        elif key in _OF_LISTS and isinstance(value, list):
            yield from cast("list[Any]", value)


def _anchors(node: Any) -> Iterator[tuple[str, Json]]:
    """Every schema that has a name of its own; of two with one name, the outer is the later."""
    if not isinstance(node, dict):
        return
    schema = cast("Json", node)
    for inner in _inner(schema):
        yield from _anchors(inner)
    for keyword in ("$dynamicAnchor", "$anchor"):
        if isinstance(name := schema.get(keyword), str):
            yield name, schema


def _joined(shape: Any, siblings: Json) -> Json:
    """A schema and what stood beside the reference to it; what only describes replaces its like."""
    if isinstance(shape, dict):
        inner = cast("Json", shape)
        if all(_adds_nothing_but_words(key, value, inner) for key, value in siblings.items()):
            return {**inner, **siblings}
    return {**siblings, "allOf": [*siblings.get("allOf", ()), shape]}


def _adds_nothing_but_words(key: str, value: Any, shape: Json) -> bool:
    """Whether a keyword beside a reference means the same inside what was referred to."""
    return (
        key in _ANNOTATIONS or key.startswith("x-") or (key == "type" and shape.get(key) == value)
    )


def _lacks_items(schema: Json) -> bool:
    kind: Any = schema.get("type")
    if kind != "array" and not (isinstance(kind, list) and "array" in kind):
        return False
    return "items" not in schema and "unevaluatedItems" not in schema


def _with_items(schema: Json) -> Json:
    if not _lacks_items(schema):
        return schema
    prefix: list[Any] = schema.get("prefixItems", [])
    if schema.get("maxItems", len(prefix) + 1) > len(prefix):
        return {**schema, "items": {}}
    # No item comes after these, so what is said of such items is free to tell of these.
    kinds: list[Any] = []
    for kind in prefix:
        if kind not in kinds:
            kinds.append(kind)
    return {**schema, "items": kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}}


def _without_mapping(schema: Json) -> Json:
    """The schema without the part of OpenAPI's `discriminator` that refers to definitions.

    What the discriminator demanded is said to each variant: its tag is required.
    """
    discriminator: Any = schema.get("discriminator")
    keyword = "oneOf" if "oneOf" in schema else "anyOf"
    variants: Any = schema.get(keyword)
    if not isinstance(discriminator, dict) or not isinstance(variants, list):
        return schema
    inlined = cast("list[Json]", variants)
    if "mapping" not in discriminator or any("$ref" in variant for variant in inlined):
        return schema
    tag = cast("Json", discriminator).get("propertyName")
    rest = {key: value for key, value in schema.items() if key != "discriminator"}
    return {**rest, keyword: [_requiring(tag, variant) for variant in inlined]}


def _requiring(tag: Any, variant: Any) -> Any:
    required: Any = variant.get("required", [])
    if tag in required or tag not in variant.get("properties", {}):
        return variant
    return {**variant, "required": [*required, tag]}
