"""Tokens of every kind, well made and badly made, and the keys that sign them."""

from __future__ import annotations

import base64
import json
import time
from functools import cache
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from fastmcp.server.auth.providers.jwt import RSAKeyPair

ISSUER = "https://issuer.example.com"
AUDIENCE = "https://mcp.example.com/mcp"
SECRET = "a-secret-of-enough-bytes-for-HS512-which-are-sixty-four-of-them!!"


@cache
def _pair(name: str) -> RSAKeyPair:
    return RSAKeyPair.generate()


def pair(name: str = "first") -> RSAKeyPair:
    """A key pair, the same for the same name: making one takes its time."""
    return _pair(name)


def key_for(algorithm: str, name: str = "first") -> Any:
    """A key that signs by an algorithm, the same for the same name."""
    return _key_for(algorithm, name)


@cache
def _key_for(algorithm: str, name: str) -> Any:
    curves = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
    if algorithm.startswith("HS"):
        return OctKey.import_key(SECRET)
    if algorithm in curves:
        return ECKey.generate_key(curves[algorithm])
    if algorithm.startswith("Ed"):
        return OKPKey.generate_key("Ed448" if algorithm == "Ed448" else "Ed25519")
    return RSAKey.import_key(pair(name).private_key.get_secret_value())


def encoded(part: Any) -> str:
    """A part of a token."""
    content = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def claims(**others: Any) -> dict[str, Any]:
    """Claims that are in order, but for what is given; None leaves one out."""
    now = int(time.time())
    made = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "iat": now, "exp": now + 600, **others}
    return {name: value for name, value in made.items() if value is not None}


def token(
    payload: Any = None,
    algorithm: str = "RS256",
    *,
    key: Any = None,
    signed_as: str | None = None,
    **header: Any,
) -> str:
    """A token with this payload, in order by default, and further members of the header.

    It is signed by `signed_as` if that is another algorithm than what the header tells.
    """
    names = {"alg": algorithm, **header}
    content = f"{encoded(names)}.{encoded(claims() if payload is None else payload)}"
    how = jws.JWSRegistry.algorithms[signed_as or algorithm]
    chosen = key or key_for(signed_as or algorithm)
    return f"{content}.{encoded(how.sign(content.encode(), chosen))}"


def public_pem(algorithm: str) -> str:
    """What `public_key=` takes to verify tokens of an algorithm."""
    key = key_for(algorithm)
    return SECRET if algorithm.startswith("HS") else key.as_pem(private=False).decode()


def jwk(
    kid: str | None = "k1", algorithm: str = "RS256", name: str = "first", **members: Any
) -> Any:
    """A public key as a key set has it."""
    public = key_for(algorithm, name).as_dict(private=False)
    return {**public, **({"kid": kid} if kid else {}), **members}
