"""FASTMCP_AUTH_TOKEN: who calls over stdio."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ConnectFailed, ToolError

SCRIPT = """
from fastmcp import Context, FastMCP
from fastmcp.exceptions import AuthorityUnavailable
from fastmcp.security import require_auth
from fastmcp.server.auth import AccessToken, TokenVerifier

class Verifier(TokenVerifier):
    asked = 0

    async def verify_token(self, token):
        self.asked += 1
        if token == "later":
            raise AuthorityUnavailable("the issuer is down")
        scopes = {"good-token": ["read"], "poor-token": [], "old-token": ["read"]}.get(token)
        if scopes is None:
            return None
        expires = 1 if token == "old-token" else None
        return AccessToken(token=token, client_id="c", subject="ann", scopes=scopes,
                           claims={"role": "admin"}, expires_at=expires)

verifier = VERIFIER
mcp = FastMCP("local", auth=verifier)

@mcp.tool
@require_auth(roles=["admin"])
def who(ctx: Context) -> list:
    return [ctx.principal, ctx.user_info["role"], verifier.asked]

@mcp.tool(auth=lambda context: False)
def checked() -> str:
    return "not over stdio"

mcp.run()
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "server.py"
    path.write_text(SCRIPT.replace("VERIFIER", 'Verifier(required_scopes=["read"])'))
    return path


def used(script: Path, token: str | None, mode: str = "auto") -> Any:
    """What a client of the script gets, which runs with that token in its environment."""
    env = {} if token is None else {"FASTMCP_AUTH_TOKEN": token}

    async def main() -> Any:
        transport = StdioTransport(sys.executable, [str(script)], env=env)
        async with Client(transport, timeout=30, mode=mode) as client:
            checked = (await client.call_tool("checked")).data
            try:
                told = [(await client.call_tool("who")).data for _ in range(2)]
            except ToolError as error:
                return checked, str(error)
            return checked, *told

    return asyncio.run(main())


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_its_owner_calls_for_the_whole_session(script: Path, mode: str) -> None:
    """It is verified once; checks of components are for others."""
    caller = ['["c",null,"ann"]', "admin", 1]

    assert used(script, "good-token", mode) == ("not over stdio", caller, caller)


def test_without_it_nobody_is_authenticated(script: Path) -> None:
    """And the error says what would help."""
    checked, error = used(script, None)

    assert checked == "not over stdio"
    assert "who() is for authenticated callers" in error
    assert "FASTMCP_AUTH_TOKEN" in error


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("wrong-token", "holds no token that is valid for this server"),
        ("old-token", "holds no token that is valid for this server"),
        ("poor-token", "lacks read"),
        ("later", "cannot be verified now: the issuer is down"),
    ],
)
def test_a_token_that_is_not_good_ends_the_server(script: Path, token: str, words: str) -> None:
    """At its start, with the reason, and without the token."""
    with pytest.raises(ConnectFailed, match="FASTMCP_AUTH_TOKEN") as raised:
        used(script, token)

    assert words in str(raised.value)
    assert "wrong-token" not in str(raised.value)


def test_a_server_without_auth_says_that_it_is_not_used(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nobody could tell whose it is."""
    path = tmp_path / "server.py"
    path.write_text(SCRIPT.replace("VERIFIER", "None"))

    _, error = used(path, "good-token")

    assert "who() is for authenticated callers" in error
    assert "FASTMCP_AUTH_TOKEN is not used" in capfd.readouterr().err
