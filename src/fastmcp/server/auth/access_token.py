"""AccessToken: what a verified bearer token says."""

from __future__ import annotations

from typing import Any

from msgspec import field

from fastmcp.wire.model import Model


class AccessToken(Model, rename=None):
    """A token that was found valid: for whom it speaks, and what it may be used for.

    `client_id` is the client that it was issued to, `subject` the user, None for a client in its
    own right; `expires_at` in seconds since 1970; `resource` what it is for (RFC 8707); `claims`
    all that is known of it. `original_client_id` is the client behind a proxy's.
    """

    token: str
    client_id: str
    scopes: list[str]
    expires_at: int | None = None
    resource: str | None = None
    subject: str | None = None
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    original_client_id: str | None = None

    def __repr__(self) -> str:
        return f"AccessToken('…', client_id={self.client_id!r}, scopes={self.scopes!r})"
