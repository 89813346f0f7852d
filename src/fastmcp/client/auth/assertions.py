"""Signed statements by which a client, or a workload, says who it is (RFC 7523)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, cast

from fastmcp._oauth.documents import Document
from fastmcp.exceptions import ConfigurationError

AssertionProvider: TypeAlias = Callable[[str], Awaitable[str]]
"""Gives an assertion for an audience, the issuer of the authorization server."""


class SignedJWTParameters(Document):
    """What assertions are made of: who says it (`issuer` and `subject`, mostly the client_id both
    times), and the private key in PEM that signs it.
    """

    issuer: str
    subject: str
    signing_key: str
    signing_algorithm: str = "RS256"
    lifetime_seconds: int = 300
    additional_claims: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"SignedJWTParameters(issuer={self.issuer!r}, subject={self.subject!r})"

    def create_assertion_provider(self) -> AssertionProvider:
        """What signs a new assertion each time.

        Raises:
            ConfigurationError: the key cannot be read, or does not sign by that algorithm.
        """
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import import_key

        kinds = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP", "HS": None}
        kind = kinds.get(self.signing_algorithm[:2])
        if kind is None:
            raise ConfigurationError(
                f"signing_algorithm={self.signing_algorithm!r}: a private key signs, by RS256, "
                "PS256, ES256, EdDSA or a longer one of these"
            )
        try:
            key = cast("Any", import_key)(self.signing_key, kind)
        except (JoseError, ValueError, TypeError):
            raise ConfigurationError(
                f"signing_key is no private key in PEM for {self.signing_algorithm}"
            ) from None

        async def provider(audience: str) -> str:
            now = int(time.time())
            claims: dict[str, Any] = {
                "iss": self.issuer,
                "sub": self.subject,
                "aud": audience,
                "exp": now + self.lifetime_seconds,
                "iat": now,
                "jti": secrets.token_urlsafe(16),
                **(self.additional_claims or {}),
            }
            algorithm = self.signing_algorithm
            return jwt.encode({"alg": algorithm}, claims, key, algorithms=[algorithm])

        return provider


def static_assertion_provider(token: str) -> AssertionProvider:
    """What gives the same assertion each time, whoever it is for."""

    async def provider(audience: str) -> str:
        return token

    return provider
