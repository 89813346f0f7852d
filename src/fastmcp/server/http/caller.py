"""Who sends a request."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from ..auth.identity import principal_of


def caller_of(scope: MutableMapping[str, Any]) -> str | None:
    """Who sent a request, by the token that authenticated it; None without one."""
    user = scope.get("user")
    return None if user is None else principal_of(getattr(user, "access_token", None))
