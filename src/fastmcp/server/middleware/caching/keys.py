"""Under which name an answer is kept: what was asked of which server, and by whom."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, cast

from msgspec import UNSET, json

from fastmcp.server.auth.identity import principal_of
from fastmcp.server.context import Context

ANONYMOUS = "__anonymous__"
SHARED = "__shared__"

_write = json.Encoder(order="deterministic").encode
_write_token = json.Encoder(order="deterministic", enc_hook=repr).encode


def key_of(context: Context, method: str, message: Any, whose: str) -> str | None:
    """The name; None where the arguments are objects of a program, and cannot be compared."""
    meta: dict[str, Any] = getattr(message, "meta", None) or {}
    own = meta.get("fastmcp")
    version = cast("dict[str, Any]", own).get("version") if isinstance(own, dict) else None
    target = getattr(message, "name", None) or getattr(message, "uri", None)
    arguments = getattr(message, "arguments", None)
    if arguments is UNSET:
        arguments = None
    asked = (context.fastmcp.name, method, whose, version, target, arguments or None)
    try:
        return sha256(_write(asked)).hexdigest()
    except (TypeError, ValueError):
        return None


def caller_of(context: Context) -> str:
    """Whose answers these are: of who has the same credentials, or none, too."""
    token = context.access_token
    if token is None:
        return ANONYMOUS
    facts = (
        principal_of(token),
        getattr(token, "token", None),
        getattr(token, "scopes", None),
        getattr(token, "claims", None),
    )
    return sha256(_write_token(facts)).hexdigest()
