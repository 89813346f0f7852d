"""What is said in texts of scopes and of tokens, for code that reads settings or debugs."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, cast

from msgspec import DecodeError, json


def parse_scopes(value: Any) -> list[str] | None:
    """Scopes from a list, a JSON array in a text, or a text separated by commas or spaces; None for
    None.
    """
    if value is None:
        return None
    if isinstance(value, str):
        members = _array(value)
        value = value.replace(",", " ").split() if members is None else members
    return [text for each in cast("Iterable[Any]", value) if (text := str(each).strip())]


def _array(text: str) -> list[Any] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        return json.decode(text, type=list[Any])
    except DecodeError:
        return None


def decode_jwt_header(token: str) -> dict[str, Any]:
    """The header of a JWT, which nobody has verified.

    Raises:
        ValueError: it is none.
    """
    return _part(token, 0)


def decode_jwt_payload(token: str) -> dict[str, Any]:
    """The claims of a JWT, which nobody has verified: anybody can write them.

    Raises:
        ValueError: it is none.
    """
    return _part(token, 1)


def _part(token: str, place: int) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        raise ValueError("A JWT has three parts, separated by dots")
    part = parts[place]
    try:
        decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        return json.decode(decoded, type=dict[str, Any])
    except (ValueError, DecodeError):
        raise ValueError("A part of the JWT is not JSON in base64url") from None
