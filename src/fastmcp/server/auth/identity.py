"""Who the caller is, by the token that authenticated the request."""

from __future__ import annotations

from typing import Any

from msgspec import json


def principal_of(token: Any) -> str | None:
    """Whom a token stands for: its client, issuer and subject as a compact JSON array.

    None without a token, and for one that names neither a client nor a subject: those who cannot
    be told apart are nobody.
    """
    claims: dict[str, Any] = getattr(token, "claims", None) or {}
    client = getattr(token, "client_id", None)
    subject = getattr(token, "subject", None) or claims.get("sub")
    if client is None and subject is None:
        return None
    parts = (client, claims.get("iss"), subject)
    return json.encode([None if part is None else str(part) for part in parts]).decode()
