"""RSAKeyPair: a key pair for tests, and tokens that are signed with it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey


class Secret:
    """A text that does not show itself; of the shape of pydantic's `SecretStr`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def get_secret_value(self) -> str:
        """The text."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('…')"

    __str__ = __repr__


class RSAKeyPair:
    """A private and a public RSA key, both in PEM."""

    def __init__(self, *, private_key: Any, public_key: str) -> None:
        hidden = hasattr(private_key, "get_secret_value")
        self.private_key: Any | Secret = private_key if hidden else Secret(private_key)
        self.public_key = public_key

    @classmethod
    def generate(cls) -> RSAKeyPair:
        """A new pair of 2048 bits."""
        from joserfc.jwk import RSAKey

        key = RSAKey.generate_key(2048)
        return cls(
            private_key=Secret(key.as_pem(private=True).decode()),
            public_key=key.as_pem(private=False).decode(),
        )

    def create_token(
        self,
        subject: str = "fastmcp-user",
        issuer: str = "https://fastmcp.example.com",
        audience: str | Sequence[str] | None = None,
        scopes: Sequence[str] | None = None,
        expires_in_seconds: int = 3600,
        additional_claims: dict[str, Any] | None = None,
        kid: str | None = None,
    ) -> str:
        """A token of RS256; `additional_claims` take the place of those that the others make."""
        from joserfc import jwt

        now = int(time.time())
        claims: dict[str, Any] = {
            "sub": subject,
            "iss": issuer,
            "iat": now,
            "exp": now + expires_in_seconds,
        }
        if audience:
            claims["aud"] = audience if isinstance(audience, str) else list(audience)
        if scopes:
            claims["scope"] = " ".join(scopes)
        header = {"alg": "RS256", "typ": "JWT"} | ({"kid": kid} if kid else {})
        claims |= additional_claims or {}
        return jwt.encode(header, claims, self._key, algorithms=["RS256"])

    @cached_property
    def _key(self) -> RSAKey:
        from joserfc.jwk import RSAKey

        return RSAKey.import_key(self.private_key.get_secret_value())

    def __repr__(self) -> str:
        return "RSAKeyPair(private_key='…')"
