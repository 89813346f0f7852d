"""What one JSON Schema accepts and another does not, as far as it can be seen from their text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias, cast

from msgspec import Struct, json

Schema: TypeAlias = Mapping[str, Any]

ALL_TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}
# How deep references are followed, which may lead back to themselves.
DEPTH = 12

_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_COUNTED = ("minLength", "minItems", "minProperties")
_EXACT = ("pattern", "format", "multipleOf")


class Narrowing(Struct, frozen=True):
    """Something that fits one schema and not the other, at a path such as `items[].price`.

    `"required"` is an object without that member, `"dropped"` one with it, and `"value"` a value
    that `what` describes.
    """

    path: str
    kind: Literal["required", "dropped", "value"]
    what: str = ""


class _Sides(Struct, frozen=True):
    """The two schemas that parts are of: their `$defs` are there."""

    given: Schema
    taken: Schema


def narrowings(given: Schema, taken: Schema) -> list[Narrowing]:
    """What `given` accepts and `taken` does not."""
    return list(dict.fromkeys(_compare(given, taken, "", _Sides(given, taken), DEPTH)))


def _compare(
    given: Schema, taken: Schema, path: str, sides: _Sides, depth: int
) -> Iterator[Narrowing]:
    if depth == 0:
        return
    choices = _alternatives(given, sides.given, depth)
    allowed = _alternatives(taken, sides.taken, depth)
    for choice in choices:
        tries = [list(_single(choice, each, path, sides, depth)) for each in allowed]
        if all(tries):
            # With one way in which it could fit, the place is told; with several, the value.
            near = [t for c, t in zip(allowed, tries, strict=True) if _types(c) & _types(choice)]
            if len(near) == 1:
                yield from near[0]
            else:
                yield Narrowing(path, "value", _described(choice))


def _single(
    given: Schema, taken: Schema, path: str, sides: _Sides, depth: int
) -> Iterator[Narrowing]:
    """Two schemas without alternatives."""
    lost = _types(given) - _types(taken)
    if "number" in _types(taken):
        lost -= {"integer"}
    if lost:
        yield Narrowing(path, "value", _names(lost, _types(given), _types(taken)))
        return
    yield from _values(given, taken, path)
    if "object" in _types(given):
        yield from _members(given, taken, path, sides, depth)
    if "array" in _types(given) and isinstance(items := taken.get("items"), dict):
        of_given = given.get("items")
        yield from _compare(
            cast("Schema", of_given) if isinstance(of_given, dict) else {},
            cast("Schema", items),
            f"{path}[]",
            sides,
            depth - 1,
        )


def _names(lost: set[str], given: set[str], taken: set[str]) -> str:
    if given == ALL_TYPES:
        return f"anything but {' or '.join(sorted(taken))}"
    return " or ".join(sorted(lost))


def _values(given: Schema, taken: Schema, path: str) -> Iterator[Narrowing]:
    listed = _listed(taken)
    if listed is not None:
        before = _listed(given)
        for value in [] if before is None else before:
            if value not in listed:
                yield Narrowing(path, "value", _text(value))
        if before is None:
            yield Narrowing(path, "value", f"anything but {', '.join(map(_text, listed))}")
        return
    if _listed(given) is not None:
        return
    for key in (*_LEAST, *_MOST):
        bound = taken.get(key)
        was = given.get(key)
        if bound is None:
            continue
        if was is None and key in _COUNTED and bound == 0:
            continue
        if was is None or (bound > was if key in _LEAST else bound < was):
            yield Narrowing(path, "value", f"what breaks {key}={_text(bound)}")
    for key in _EXACT:
        if key in taken and taken[key] != given.get(key):
            yield Narrowing(path, "value", f"what breaks {key}={_text(taken[key])}")


def _members(
    given: Schema, taken: Schema, path: str, sides: _Sides, depth: int
) -> Iterator[Narrowing]:
    before, now = _properties(given), _properties(taken)
    needed = set(given.get("required") or ())
    for name in taken.get("required") or ():
        if name not in needed:
            yield Narrowing(_member(path, name), "required")
    more = taken.get("additionalProperties")
    for name, schema in before.items():
        if name in now:
            yield from _compare(schema, now[name], _member(path, name), sides, depth - 1)
        elif isinstance(more, dict) and more:
            rest = cast("Schema", more)
            yield from _compare(schema, rest, _member(path, name), sides, depth - 1)
        elif more is False or (more is None and "properties" in taken):
            # JSON Schema would let it pass; whoever lists members means these.
            yield Narrowing(_member(path, name), "dropped")
    if more is False and given.get("additionalProperties") not in (False, None):
        yield Narrowing(_member(path, "*"), "dropped")


def _alternatives(schema: Any, root: Schema, depth: int) -> list[Schema]:
    """The schemas of which one has to fit."""
    schema = _resolved(schema, root)
    for key in ("anyOf", "oneOf"):
        parts = schema.get(key)
        if isinstance(parts, list) and depth:
            rest = {name: value for name, value in schema.items() if name != key}
            return [
                {**rest, **each}
                for part in cast("list[Any]", parts)
                for each in _alternatives(part, root, depth - 1)
            ]
    kinds = schema.get("type")
    if isinstance(kinds, list) and len(cast("list[str]", kinds)) > 1:
        return [{**schema, "type": kind} for kind in cast("list[str]", kinds)]
    return [schema]


def _resolved(schema: Any, root: Schema) -> Schema:
    if schema is False:
        return {"type": []}
    found = cast("dict[str, Any]", schema) if isinstance(schema, dict) else {}
    for _ in range(DEPTH):
        reference = found.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#"):
            break
        target: Any = root
        for step in reference[1:].strip("/").split("/") if len(reference) > 1 else ():
            target = target.get(step.replace("~1", "/").replace("~0", "~"), {})
        found = {**target, **{name: value for name, value in found.items() if name != "$ref"}}
    return found


def _types(schema: Schema) -> set[str]:
    kinds = schema.get("type")
    if isinstance(kinds, str):
        return {kinds}
    if isinstance(kinds, list):
        return set(cast("list[str]", kinds))
    listed = _listed(schema)
    if listed is not None:
        return {_type_of(value) for value in listed}
    return {"object"} if "properties" in schema else ALL_TYPES


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", list: "array", type(None): "null"}
    return names.get(cast("Any", type(value)), "object")


def _listed(schema: Schema) -> list[Any] | None:
    """The only values that fit, if they are listed."""
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _properties(schema: Schema) -> Mapping[str, Any]:
    return schema.get("properties") or {}


def _member(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _described(schema: Schema) -> str:
    listed = _listed(schema)
    if listed is not None:
        return " or ".join(map(_text, listed))
    kinds = _types(schema)
    text = "anything" if kinds == ALL_TYPES else " or ".join(sorted(kinds))
    return f"{text} like {schema['title']}" if "object" in kinds and "title" in schema else text


def _text(value: Any) -> str:
    return json.encode(value).decode()
