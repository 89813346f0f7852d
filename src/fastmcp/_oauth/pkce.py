"""Proof Key for Code Exchange, by S256 alone (RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def new_verifier() -> str:
    """A secret of 256 bits."""
    return secrets.token_urlsafe(32)


def challenge_of(verifier: str) -> str:
    """What is told of a verifier before it is shown."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_challenge(text: str) -> bool:
    """Whether it can be one by S256."""
    return _CHALLENGE.fullmatch(text) is not None


def proves(verifier: str, challenge: str) -> bool:
    """Whether a verifier is well-formed and the one that a challenge was made of."""
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    return hmac.compare_digest(challenge_of(verifier), challenge)
