"""Who sends a request."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from ..auth.identity import principal_of


def caller_of(scope: MutableMapping[str, Any]) -> str | None:
    """Who sent a request, by the token that authenticated it; None without one."""
    token = token_of(scope)
    return None if token is None else principal_of(token)


def token_of(scope: MutableMapping[str, Any]) -> Any:
    """The token that authenticated a request; None without one."""
    return getattr(scope.get("user"), "access_token", None)
