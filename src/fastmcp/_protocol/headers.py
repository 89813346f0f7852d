"""The HTTP headers of MCP: their names, their value encoding, and reading them off a request."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from fastmcp.exceptions import HeaderMismatch

PROTOCOL_VERSION = b"mcp-protocol-version"
METHOD = b"mcp-method"
NAME = b"mcp-name"
SESSION_ID = b"mcp-session-id"
LAST_EVENT_ID = b"last-event-id"
ONCE = frozenset((PROTOCOL_VERSION, METHOD, NAME))

_PREFIX, _SUFFIX = "=?base64?", "?="


class Headers(Struct, frozen=True):
    """A request's headers by lower-case name, and which names came more than once."""

    values: dict[bytes, bytes]
    repeated: frozenset[bytes]

    def get(self, name: bytes) -> str | None:
        """The value as text."""
        return header_text(self.values.get(name))


def header_text(value: bytes | None) -> str | None:
    """A value without optional whitespace (RFC 9110, section 5.5)."""
    return None if value is None else value.strip(b" \t").decode("latin-1")


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Headers as ASGI hands them over: names are lower-case already."""
    pairs = list(raw)
    values = dict(pairs)
    if len(values) == len(pairs):
        return Headers(values, frozenset())
    seen: set[bytes] = set()
    repeated = frozenset(name for name, _ in pairs if name in seen or seen.add(name))
    return Headers(values, repeated)


def encode_header(value: str | int | bool) -> str:
    """A value as `Mcp-Name` and `Mcp-Param-*` carry it (PROTOCOL 4.1, value encoding)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    plain = all(" " <= char <= "~" or char == "\t" for char in text)
    sentinel = text.startswith(_PREFIX) and text.endswith(_SUFFIX)
    if plain and not sentinel and text == text.strip(" \t"):
        return text
    return _PREFIX + base64.b64encode(text.encode()).decode() + _SUFFIX


def decode_header(value: str, name: str) -> str:
    """The value that `encode_header` was given.

    Raises:
        HeaderMismatch: a sentinel whose content is not base64 of UTF-8.
    """
    if not (value.startswith(_PREFIX) and value.endswith(_SUFFIX)):
        return value
    try:
        return base64.b64decode(value[len(_PREFIX) : -len(_SUFFIX)], validate=True).decode()
    except (binascii.Error, ValueError):
        raise HeaderMismatch(f"Header mismatch: {name} is not valid base64 of UTF-8") from None


@lru_cache(maxsize=256)
def accepts(header: str | None, media_type: str) -> bool:
    """Whether an `Accept` header admits the media type; an absent header admits everything."""
    if header is None or header == "*/*":
        return True
    weights: dict[str, bool] = {}
    for item in header.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        weights[name] = not any(_is_zero(parameter) for parameter in parameters)
    # The most specific range decides (RFC 9110, section 12.5.1).
    ranges = (media_type, media_type.split("/")[0] + "/*", "*/*")
    return next((weights[name] for name in ranges if name in weights), False)


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and value.strip().rstrip("0").rstrip(".") in ("", "0")
