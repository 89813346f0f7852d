"""Signed tokens for servers/auth_app.py."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from fastmcp.server.auth.providers.jwt import RSAKeyPair

ISSUER = "https://issuer.example.com"
AUDIENCE = "https://mcp.example.com/mcp"


@cache
def pair() -> RSAKeyPair:
    return RSAKeyPair.generate()


@contextmanager
def public_key() -> Generator[Path]:
    """The file of the key that verifies the tokens."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key.pem"
        path.write_text(pair().public_key)
        yield path


def token(number: int = 0) -> str:
    """A token with what issuers usually write, of a user of its own for each number."""
    name = f"{number:08}-user"
    return pair().create_token(
        subject=f"auth0|{name}",
        issuer=ISSUER,
        audience=AUDIENCE,
        scopes=["openid", "profile", "read", "write"],
        kid="2026-11",
        additional_claims={
            "client_id": "6f1f4d1c-7d3a-4a55-9f0e-2f6a8f6f5b10",
            "jti": f"5b0f8a52-6f2d-4a27-b1e6-{number:012}",
            "email": f"{name}@example.com",
            "name": f"User Number {number}",
            "roles": ["reader", "writer"],
        },
    )
