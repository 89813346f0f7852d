"""What a question, or a request, is known by."""

from __future__ import annotations

from typing import Any

from msgspec import json

_encode = json.Encoder(order="sorted").encode


def fingerprint(*parts: Any) -> bytes:
    """A digest that is the same for the same parts, in whatever order their objects have their
    members.
    """
    from hashlib import sha256  # OpenSSL takes its time to load

    return sha256(_encode(parts)).digest()
