"""JWTIssuer: tokens that this server signs for itself, by HS256."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

KDF_ITERATIONS = 1_000_000


def derive_jwt_key(
    *,
    high_entropy_material: str | None = None,
    low_entropy_material: str | None = None,
    salt: str,
) -> bytes:
    """A key of 32 bytes, in base64, from one text: one that nobody can guess (HKDF), or a
    passphrase, which is stretched (PBKDF2).

    Raises:
        ValueError: both were given, or neither.
    """
    if (high_entropy_material is None) == (low_entropy_material is None):
        raise ValueError("Give either high_entropy_material= or low_entropy_material=")
    if low_entropy_material is not None:
        made = hashlib.pbkdf2_hmac(
            "sha256", low_entropy_material.encode(), salt.encode(), KDF_ITERATIONS, 32
        )
    else:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        assert high_entropy_material is not None
        kdf = HKDF(algorithm=SHA256(), length=32, salt=salt.encode(), info=b"Fernet")
        made = kdf.derive(high_entropy_material.encode())
    return base64.urlsafe_b64encode(made)


class JWTIssuer:
    """Issues access and refresh tokens of one issuer for one audience, and verifies them."""

    def __init__(self, issuer: str, audience: str, signing_key: bytes) -> None:
        from joserfc.jwk import OctKey

        self.issuer = issuer
        self.audience = audience
        self._key = OctKey.import_key(signing_key)

    def issue_access_token(
        self,
        client_id: str,
        scopes: list[str],
        jti: str,
        expires_in: int = 3600,
        upstream_claims: dict[str, Any] | None = None,
        subject: str | None = None,
        extra_claims: dict[str, Any] | None = None,
    ) -> str:
        """A token for requests; `upstream_claims` is what another server says of the user."""
        claims = dict(extra_claims or {})
        if subject is not None:
            claims["sub"] = subject
        if upstream_claims:
            claims["upstream_claims"] = upstream_claims
        return self._issue(client_id, scopes, jti, expires_in, claims)

    def issue_refresh_token(
        self,
        client_id: str,
        scopes: list[str],
        jti: str,
        expires_in: int,
        upstream_claims: dict[str, Any] | None = None,
        extra_claims: dict[str, Any] | None = None,
    ) -> str:
        """A token to get others by, which is of no use in requests."""
        claims = {**(extra_claims or {}), "token_use": "refresh"}
        if upstream_claims:
            claims["upstream_claims"] = upstream_claims
        return self._issue(client_id, scopes, jti, expires_in, claims)

    def verify_token(self, token: str, expected_token_use: str = "access") -> dict[str, Any]:
        """The claims of a token: one that was issued here, for this audience and this use, and
        has not ended.

        Raises:
            JoseError: it is not.
        """
        from joserfc import jwt
        from joserfc.errors import DecodeError, JoseError

        try:
            claims = jwt.decode(token, self._key, algorithms=["HS256"]).claims
        except (ValueError, TypeError) as error:
            raise DecodeError("This is no token") from error
        said = (claims.get("iss"), claims.get("aud"), claims.get("token_use", "access"))
        wanted = (self.issuer, self.audience, expected_token_use)
        for name, one, other in zip(("issuer", "audience", "token use"), said, wanted, strict=True):
            if not isinstance(one, str) or not hmac.compare_digest(one.encode(), other.encode()):
                raise JoseError(f"The token is of another {name}")
        ends = claims.get("exp")
        if not isinstance(ends, (int, float)) or ends <= time.time():
            raise JoseError("The token has expired")
        return claims

    def _issue(
        self, client_id: str, scopes: list[str], jti: str, expires_in: int, claims: dict[str, Any]
    ) -> str:
        from joserfc import jwt

        now = int(time.time())
        said = {
            "iss": self.issuer,
            "aud": self.audience,
            "client_id": client_id,
            "scope": " ".join(scopes),
            "iat": now,
            "exp": now + expires_in,
            "jti": jti,
        }
        header = {"alg": "HS256", "typ": "JWT"}
        return jwt.encode(header, {**claims, **said}, self._key, algorithms=["HS256"])
