"""Which scopes a client asks for (PROTOCOL 6.4, steps 6 and 11)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastmcp._oauth.documents import OAuthMetadata, ProtectedResourceMetadata

OFFLINE = "offline_access"
_LONGEST = 4096


def as_text(scopes: str | Iterable[str] | None) -> str | None:
    """Scopes as OAuth writes them; None for none."""
    if scopes is None:
        return None
    return " ".join(scopes.split() if isinstance(scopes, str) else map(str, scopes)) or None


def union(*scopes: str | None) -> str | None:
    """What is in any of them, in the order of its first mention."""
    names = dict.fromkeys(name for each in scopes if each for name in each.split())
    return " ".join(names) or None


def within(some: str | None, others: str | None) -> bool:
    """Whether nothing is in one that is not in the other."""
    return set((some or "").split()) <= set((others or "").split())


def challenged(parameters: dict[str, str]) -> str | None:
    """The scopes that a challenge names."""
    return as_text(parameters.get("scope", "")[:_LONGEST])


def selected(
    own: str | None, challenge: str | None, resource: ProtectedResourceMetadata | None
) -> str | None:
    """What to ask for first: what the user wants, and what the server says is needed; or else all
    that the resource has; or else nothing, which is what the authorization server has by default.
    """
    if own or challenge:
        return union(own, challenge)
    return as_text(resource.scopes_supported) if resource is not None else None


def with_offline(scope: str | None, metadata: OAuthMetadata, grants: Any) -> str | None:
    """Add what gets a refresh token, where the authorization server lists it; no scopes at all
    remain none.
    """
    if scope is None or OFFLINE not in (metadata.scopes_supported or ()):
        return scope
    return union(scope, OFFLINE) if "refresh_token" in (grants or ()) else scope
