"""Tool arguments that travel in `Mcp-Param-*` headers, too, so that gateways can route by them
(PROTOCOL 4.1, `x-mcp-header`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, cast

from msgspec import DecodeError, Raw, Struct, UnsetType, json

from fastmcp.exceptions import HeaderMismatch

from .headers import Headers, decode_header, encode_header

ANNOTATION = "x-mcp-header"
PREFIX = "mcp-param-"
_TYPES = ("string", "integer", "boolean")
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Mirror(Struct, frozen=True):
    """One mirrored argument: where it stands, and the header that repeats it."""

    path: tuple[str, ...]
    name: str
    kind: str

    @property
    def header(self) -> str:
        """The header's name in lower case."""
        return PREFIX + self.name.lower()


Plan: TypeAlias = tuple[Mirror, ...]


def read_plan(schema: Mapping[str, Any]) -> Plan:
    """The mirrored arguments of an input schema.

    Raises:
        ValueError: an annotation is not valid, which makes the whole tool so.
    """
    mirrors: list[Mirror] = []
    for path, reachable, node in _nodes(schema, (), True):
        if ANNOTATION not in node:
            continue
        name, kind = node[ANNOTATION], node.get("type")
        where = ".".join(path) or "the root"
        if not isinstance(name, str) or not name or not _TOKEN.issuperset(name):
            raise ValueError(f"{ANNOTATION} of {where} is not a header token: {name!r}")
        if not reachable or not path:
            raise ValueError(f"{ANNOTATION} of {where} is not on a property reached by properties")
        if kind not in _TYPES:
            raise ValueError(f"{ANNOTATION} of {where} needs a type of {', '.join(_TYPES)}")
        if any(mirror.name.lower() == name.lower() for mirror in mirrors):
            raise ValueError(f"{ANNOTATION} {name!r} stands twice")
        mirrors.append(Mirror(path, name, kind))
    return tuple(mirrors)


def _nodes(
    node: Any, path: tuple[str, ...], reachable: bool
) -> Iterator[tuple[tuple[str, ...], bool, dict[str, Any]]]:
    """Every schema inside a schema, and whether `properties` alone lead to it."""
    if isinstance(node, list):
        for item in cast("list[Any]", node):
            yield from _nodes(item, path, False)
    if not isinstance(node, dict):
        return
    schema = cast("dict[str, Any]", node)
    yield path, reachable, schema
    for key, value in schema.items():
        if key == "properties" and isinstance(value, dict):
            for name, inner in cast("dict[str, Any]", value).items():
                yield from _nodes(inner, (*path, name), reachable)
        elif key not in ("default", "examples", "enum", "const"):
            yield from _nodes(value, (*path, key), False)


def mirror(plan: Plan, arguments: Mapping[str, Any]) -> dict[str, str]:
    """The headers that a call with these arguments has to carry."""
    found = ((item.header, _at(arguments, item.path)) for item in plan)
    return {
        header: encode_header(int(value) if isinstance(value, float) else value)
        for header, value in found
        if _is_mirrored(value)
    }


def check_mirrors(plan: Plan, headers: Headers, arguments: Raw | UnsetType) -> None:
    """Compare the headers of a call with its arguments.

    Raises:
        HeaderMismatch: one is missing, repeated, unreadable or different, or repeats nothing.
    """
    try:
        given = json.decode(arguments, type=dict[str, Any]) if isinstance(arguments, Raw) else {}
    except (DecodeError, UnicodeError, RecursionError):
        return  # not arguments at all: the tool will say so
    for item in plan:
        name = f"Mcp-Param-{item.name}"
        if item.header.encode() in headers.repeated:
            raise HeaderMismatch(f"Header mismatch: {name} was sent more than once")
        value, sent = _at(given, item.path), headers.get(item.header.encode())
        if not _is_mirrored(value):
            if sent is not None:
                raise HeaderMismatch(f"Header mismatch: {name} repeats no argument")
        elif sent is None:
            raise HeaderMismatch(f"Header mismatch: {name} is missing")
        elif not _same(decode_header(sent, name), value):
            raise HeaderMismatch(f"Header mismatch: {name} and the body disagree")


def _at(arguments: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = arguments
    for step in path:
        value = cast("dict[str, Any]", value).get(step) if isinstance(value, dict) else None
    return value


def _is_mirrored(value: Any) -> bool:
    return isinstance(value, (str, int, bool)) or (isinstance(value, float) and value.is_integer())


def _same(sent: str, value: Any) -> bool:
    if isinstance(value, (str, bool)):
        expected = value if isinstance(value, str) else str(value).lower()
        return sent == expected
    try:
        return float(sent) == float(value)
    except (ValueError, OverflowError):
        return False
