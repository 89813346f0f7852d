"""Keys of clients and identity providers of the tests, and what they sign."""

from __future__ import annotations

import secrets
import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
OTHER = ECKey.generate_key("P-256", {"kid": "ec"})
SECRET = OctKey.generate_key(256, {"kid": "ec"})


def jwks(*keys: Any) -> dict[str, Any]:
    """The public halves of keys."""
    return {"keys": [key.as_dict(private=False) for key in keys]}


def signed(
    claims: dict[str, Any],
    key: Any = EC,
    algorithm: str = "ES256",
    header: dict[str, Any] | None = None,
) -> str:
    """A token of claims; those that are None are left out, what a good one has is added."""
    now = int(time.time())
    said = {"iat": now, "exp": now + 120, "jti": secrets.token_hex(8), **claims}
    head = {"alg": algorithm, "kid": key.kid, **(header or {})}
    return jwt.encode(
        {name: value for name, value in head.items() if value is not None},
        {name: value for name, value in said.items() if value is not None},
        key,
        algorithms=[algorithm],
    )
