"""Scopes and tokens as texts."""

from __future__ import annotations

from typing import Any

import pytest
from signing import claims, token

from fastmcp.utilities.auth import decode_jwt_header, decode_jwt_payload, parse_scopes


@pytest.mark.parametrize(
    ("value", "scopes"),
    [
        (None, None),
        ("", []),
        ("read write", ["read", "write"]),
        ("read,write", ["read", "write"]),
        (' ["read", "write"]', ["read", "write"]),
        ("[read", ["[read"]),
        ([" read ", "", "write"], ["read", "write"]),
    ],
)
def test_scopes_are_read_however_they_are_written(value: Any, scopes: list[str] | None) -> None:
    """As settings have them."""
    assert parse_scopes(value) == scopes


def test_a_jwt_is_looked_into_without_its_key() -> None:
    """Which says nothing of who wrote it."""
    said = claims()
    made = token(said)

    assert decode_jwt_payload(made) == said
    assert decode_jwt_header(made)["alg"] == "RS256"


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "!!.!!.!!", "e30.W10.x"])
def test_what_is_no_jwt_is_told(text: str) -> None:
    """By a ValueError."""
    with pytest.raises(ValueError, match="JWT"):
        decode_jwt_payload(text)
