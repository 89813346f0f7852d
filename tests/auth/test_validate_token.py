"""validate_token: the record of a token, wherever it is known."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fastmcp import FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.security import APIKeys, validate_token
from fastmcp.server.auth.given import KnownTokens
from fastmcp.testing import create_test_client

KNOWN: dict[str, dict[str, Any]] = {
    "admin_token_123": {"role": "admin", "user": "ann"},
    "old": {"user": "old", "expires_at": 1},
    "schlüssel": {"user": "uwe"},
}


def plain(token: str) -> dict[str, Any] | None:
    return KNOWN.get(token)


async def later(token: str) -> dict[str, Any] | None:
    return KNOWN.get(token)


@pytest.mark.parametrize("tokens", [KNOWN, plain])
def test_a_record_is_there_at_once(tokens: Any) -> None:
    """Of a mapping and of a plain function; in async code, too."""

    async def main() -> Any:
        return validate_token("admin_token_123", tokens=tokens)["role"]

    assert validate_token("admin_token_123", tokens=tokens) is KNOWN["admin_token_123"]
    assert validate_token("schlüssel", tokens=tokens) == {"user": "uwe"}
    assert asyncio.run(main()) == "admin"
    for unknown in ("nobody", "", "old", "admin_token_12", "\ud800"):
        assert validate_token(unknown, tokens=tokens) is None


@pytest.mark.parametrize(
    "tokens", [later, KnownTokens(KNOWN), FastMCP("x", auth=KNOWN), FastMCP("x", auth=later)]
)
def test_what_takes_time_is_awaited(tokens: Any) -> None:
    """Or waited for, in plain code."""

    async def main() -> Any:
        return [await validate_token(token, tokens) for token in ("admin_token_123", "old", "x")]

    found, *others = asyncio.run(main())
    assert (found["role"], found["user"]) == ("admin", "ann")
    assert others == [None, None]
    assert validate_token("admin_token_123", tokens)["role"] == "admin"


def test_what_a_provider_knows_has_its_client_and_scopes() -> None:
    """Claims alone may be nothing."""
    keys = APIKeys()
    made = keys.create("ci", scopes=["read"])

    record = validate_token(made.key, tokens=keys)

    assert record == {
        "client_id": "ci",
        "scopes": ["read"],
        "name": "ci",
        "key_id": made.id,
        "roles": [],
    }


def test_by_default_it_is_the_server_that_is_called() -> None:
    """Within a request; elsewhere there is none."""
    mcp = FastMCP("x", auth=KNOWN)

    @mcp.tool
    async def who(token: str) -> str | None:
        record = await validate_token(token)
        return record and record["user"]

    @mcp.tool
    def who_else(token: str) -> str | None:
        record = validate_token(token)
        return record and record["user"]

    client = create_test_client(mcp)
    try:
        for tool in ("who", "who_else"):
            assert client.call_tool(tool, {"token": "admin_token_123"}) == "ann"
            assert client.call_tool(tool, {"token": "x"}) is None
    finally:
        client.close()
    for nothing in (None, FastMCP("open")):
        with pytest.raises(ConfigurationError, match="needs tokens="):
            validate_token("admin_token_123", nothing)
    with pytest.raises(ConfigurationError, match="auth=int"):
        validate_token("admin_token_123", 7)
