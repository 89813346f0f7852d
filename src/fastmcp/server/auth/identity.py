"""Who the caller is, by the token that authenticated the request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, json

SOURCE = "auth_source"
"""The claim that says which of several verifiers took a token."""


class LocalIdentity(Struct, frozen=True, kw_only=True):
    """Who the caller is by the word of this process, in the shape of a token: nothing was checked,
    and `token` is no credential.
    """

    claims: dict[str, Any]
    token: str = ""
    client_id: str | None = None
    subject: str | None = None
    scopes: list[str] = []
    expires_at: int | None = None

    @classmethod
    def of(cls, user_info: Mapping[str, Any]) -> LocalIdentity:
        """The identity that has these claims: `sub`, or else `user`, is the subject, `scope` (a
        text) or `scopes` what it may do.
        """
        claims = dict(user_info)
        scopes: Any = claims.get("scopes", claims.get("scope")) or ()
        subject = claims.get("sub", claims.get("user"))
        return cls(
            claims=claims,
            client_id=claims.get("client_id"),
            subject=None if subject is None else str(subject),
            scopes=scopes.split() if isinstance(scopes, str) else list(scopes),
        )


def principal_of(token: Any) -> str | None:
    """Whom a token stands for: its client, issuer and subject as a compact JSON array, and which
    of several verifiers says so.

    None without a token, and for one that names neither a client nor a subject: those who cannot
    be told apart are nobody.
    """
    claims: dict[str, Any] = getattr(token, "claims", None) or {}
    client = getattr(token, "client_id", None)
    subject = getattr(token, "subject", None) or claims.get("sub")
    if client is None and subject is None:
        return None
    parts: tuple[Any, ...] = (client, claims.get("iss"), subject)
    source = claims.get(SOURCE)
    if source is not None:
        parts = (*parts, source)
    return json.encode([None if part is None else str(part) for part in parts]).decode()
