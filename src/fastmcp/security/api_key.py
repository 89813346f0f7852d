"""API keys: what is kept of one, and how its text is made and read."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

from msgspec import Struct, field

from fastmcp.server.auth.access_token import AccessToken

ID_BYTES = 6
SECRET_BYTES = 32


class APIKey(Struct, frozen=True, kw_only=True):
    """What is known of a key, but not the key. `prefix` is how it begins, to recognize it by;
    times are in seconds since 1970, and `expires_at` None is for good.
    """

    id: str
    name: str
    prefix: str
    scopes: list[str]
    roles: list[str]
    created_at: float
    expires_at: float | None = None
    claims: dict[str, Any] = field(default_factory=dict[str, Any])


class NewAPIKey(APIKey, frozen=True, kw_only=True):
    """A key that was just made: `key` is its text, which is kept nowhere."""

    key: str

    def __repr__(self) -> str:
        return f"NewAPIKey('{self.prefix}…', name={self.name!r}, scopes={self.scopes!r})"


class KeptKey(Struct, frozen=True):
    """A key in a store, with the digest of its text.

    One round of SHA-256 is enough: a text has 256 random bits, which nobody finds by trying,
    however fast that is. A slow hash is for what people choose, and would let anybody occupy the
    server by sending keys.
    """

    digest: str
    known: APIKey

    def fits(self, text: str) -> bool:
        """Whether it is the key of this text."""
        return hmac.compare_digest(self.digest, digest_of(text))

    def access_token(self, text: str) -> AccessToken:
        """The key as the token that it stands for."""
        known = self.known
        ends = None if known.expires_at is None else int(known.expires_at)
        return AccessToken(
            token=text,
            client_id=known.name,
            scopes=list(known.scopes),
            expires_at=ends,
            claims={"name": known.name, "key_id": known.id, "roles": known.roles, **known.claims},
        )


def new_text(kind: str) -> tuple[str, str]:
    """The text of a new key, and its id, which is a part of it."""
    id = secrets.token_hex(ID_BYTES)
    return f"{kind}_{id}_{secrets.token_urlsafe(SECRET_BYTES)}", id


def id_in(text: str) -> str | None:
    """The id of a key; None for a text that is none."""
    parts = text.split("_", 2)
    if len(parts) != 3 or len(parts[1]) != 2 * ID_BYTES or not parts[1].isalnum():
        return None
    return parts[1] if text.isascii() else None


def digest_of(text: str) -> str:
    """What is kept of a key's text."""
    return hashlib.sha256(text.encode()).hexdigest()
