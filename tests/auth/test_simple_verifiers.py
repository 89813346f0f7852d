"""Verifiers for development: tokens that are written down, and a function of the user's."""

from __future__ import annotations

import pytest

from fastmcp import FastMCP
from fastmcp.exceptions import AuthorityUnavailable
from fastmcp.server.auth.providers.debug import DebugTokenVerifier
from fastmcp.server.auth.providers.jwt import StaticTokenVerifier
from fastmcp.server.dependencies import get_access_token
from fastmcp.testing import asgi_client

TOKENS = {
    "one": {"client_id": "app", "scopes": ["read"], "sub": "ann", "team": "x"},
    "old": {"client_id": "app", "scopes": [], "expires_at": 1},
    "new": {"client_id": "app", "scopes": [], "expires_at": 4_000_000_000},
}


async def test_tokens_that_are_written_down_are_taken() -> None:
    """With what is written of each; all of it are its claims."""
    taken = StaticTokenVerifier(TOKENS, required_scopes=["read"])
    access = await taken.verify_token("one")
    assert access is not None
    assert (access.client_id, access.subject, access.scopes) == ("app", "ann", ["read"])
    assert access.claims["team"] == "x"
    assert await taken.verify_token("new") is not None
    assert taken.required_scopes == ["read"]


@pytest.mark.parametrize("token", ["old", "none", "", "ONE", "one ", "é", "\ud800"])
async def test_other_tokens_are_refused(token: str) -> None:
    """Also after their end."""
    assert await StaticTokenVerifier(TOKENS).verify_token(token) is None


async def test_a_token_that_is_written_down_later_counts() -> None:
    """The mapping is looked at each time."""
    tokens = dict(TOKENS)
    taken = StaticTokenVerifier(tokens)
    tokens["later"] = {"client_id": "c", "scopes": []}
    assert await taken.verify_token("later") is not None


async def test_any_token_is_taken_by_default() -> None:
    """All of one client."""
    mcp = FastMCP("x", auth=DebugTokenVerifier(scopes=["a"]))

    @mcp.tool
    def who() -> str:
        access = get_access_token()
        assert access is not None
        return access.client_id

    async with asgi_client(mcp, auth="whatever") as client:
        assert (await client.call_tool("who", {})).data == "debug-client"
    for empty in ("", " "):
        assert await DebugTokenVerifier().verify_token(empty) is None


async def test_a_function_says_which_tokens_are_taken() -> None:
    """A plain one, or an async one."""

    async def later(token: str) -> bool:
        return token == "yes"

    for validate in (lambda token: token == "yes", later):
        taken = DebugTokenVerifier(validate, client_id="c", scopes=["a"], required_scopes=["a"])
        access = await taken.verify_token("yes")
        assert access is not None
        assert (access.client_id, access.scopes, taken.required_scopes) == ("c", ["a"], ["a"])
        assert await taken.verify_token("no") is None


async def test_a_function_that_fails_takes_none(caplog: pytest.LogCaptureFixture) -> None:
    """Unless it says that it cannot tell."""

    def fails(token: str) -> bool:
        raise KeyError("broken")

    def cannot_tell(token: str) -> bool:
        raise AuthorityUnavailable("The database is away")

    assert await DebugTokenVerifier(fails).verify_token("secret-token") is None
    assert "validate=" in caplog.text
    assert "secret-token" not in caplog.text
    with pytest.raises(AuthorityUnavailable):
        await DebugTokenVerifier(cannot_tell).verify_token("t")
