"""Arguments that a model wrote as JSON in a string, and what they mean.

Only looked at once arguments were refused.
"""

from __future__ import annotations

from typing import Any, cast

from msgspec import DecodeError, Raw, json

from .annotated import Json
from .refusal import details_of

_WRAPPERS = ("args", "arguments", "input", "kwargs", "parameters", "params")


def mended(data: bytes, schema: Json, refusal: ValueError) -> bytes | None:
    """The arguments with the JSON in refused strings decoded; None if there is no such string.

    A parameter that may be a string keeps it.
    """
    given = members_of(data)
    refused = {detail["loc"][0] for detail in details_of(refusal) or () if detail["loc"]}
    properties: Json = schema["properties"]
    decoded = {
        name: inner
        for name in refused & given.keys() & properties.keys()
        if not takes_text(properties[name], schema) and (inner := _json_in(given[name])) is not None
    }
    return json.encode({**given, **decoded}) if decoded else None


def unwrapped(data: bytes, schema: Json, refusal: ValueError) -> bytes | None:
    """The arguments that were sent inside of one argument, such as `args`."""
    del refusal
    given = members_of(data)
    if len(given) != 1:
        return None
    [(name, raw)] = given.items()
    if name not in _WRAPPERS or name in schema["properties"]:
        return None
    inner = bytes(_json_in(raw) or raw)
    return inner if inner.startswith(b"{") else None


def takes_text(schema: Any, root: Json, hops: int = 8) -> bool:
    """Whether some string fits the schema; a doubt is a yes."""
    if not isinstance(schema, dict) or hops == 0:
        return True
    node = cast("Json", schema)
    if "$ref" in node:
        definition = root.get("$defs", {}).get(str(node["$ref"]).rpartition("/")[2])
        return takes_text(definition, root, hops - 1)
    values: list[Any] = [node["const"]] if "const" in node else node.get("enum", [])
    if values:
        return any(isinstance(value, str) for value in values)
    if "type" in node:
        return "string" in node["type"]
    members = node.get("anyOf") or node.get("oneOf")
    if members:
        return any(takes_text(member, root, hops - 1) for member in members)
    return all(takes_text(member, root, hops - 1) for member in node.get("allOf", ()))


def members_of(data: bytes) -> dict[str, Raw]:
    """The members of a JSON object; none if it is nothing of the kind."""
    try:
        return json.decode(data, type=dict[str, Raw])
    except (DecodeError, UnicodeError, RecursionError):
        return {}


def _json_in(raw: Raw) -> Raw | None:
    """The JSON that a JSON string holds, unless that is a string itself."""
    import pydantic_core

    if not bytes(raw).startswith(b'"'):
        return None
    try:
        text = json.decode(raw, type=str).strip().encode()
        found: Any = pydantic_core.from_json(text)
    except (ValueError, RecursionError):
        return None
    return None if isinstance(found, str) else Raw(text)
