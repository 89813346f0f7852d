"""A server that issues tokens for its own users."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from fastmcp._oauth.pkce import challenge_of, new_verifier
from fastmcp.settings import settings

BASE = "https://mcp.example.com"


async def test_users_of_an_application_sign_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application says who the user is; the page asks them; the client gets tokens."""
    monkeypatch.setattr(settings, "home", tmp_path)
    sessions = {"s1": {"sub": "ann", "role": "admin", "scopes": ["notes:read"]}}
    # snippet: users
    from urllib.parse import quote

    from starlette.requests import Request
    from starlette.responses import RedirectResponse

    from fastmcp import Context, FastMCP
    from fastmcp.server.auth.oauth.stored import StoredOAuthProvider

    def signed_in(request: Request):
        user = sessions.get(request.cookies.get("session", ""))
        return user or RedirectResponse(f"/login?next={quote(str(request.url))}")

    auth = StoredOAuthProvider(
        base_url="https://mcp.example.com",
        authenticate=signed_in,
        valid_scopes=["notes:read", "notes:write"],
        required_scopes=["notes:read"],
    )
    mcp = FastMCP("Notes", auth=auth)

    @mcp.tool
    def who(ctx: Context) -> str:
        return f"{ctx.user_info['sub']} is {ctx.user_info['role']}"

    # end
    app = mcp.http_app(stateless_http=True, allowed_hosts=["mcp.example.com"])
    transport = httpx2.ASGITransport(app=app)
    async with (
        auth.lifespan(),
        app.lifespan(app),
        httpx2.AsyncClient(transport=transport, base_url=BASE) as http,
    ):
        tokens = await sign_in(http)
        assert tokens["scope"] == "notes:read"
        call: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
        answer = await http.post(
            "/mcp",
            json={**call, "params": {"name": "who", "arguments": {}}},
            headers={
                "authorization": f"Bearer {tokens['access_token']}",
                "accept": "application/json, text/event-stream",
            },
        )
        assert "ann is admin" in answer.text


async def sign_in(http: httpx2.AsyncClient) -> dict[str, Any]:
    """What a client and its user's browser do."""
    callback = "http://127.0.0.1:5000/callback"
    registered = await http.post(
        "/register", json={"redirect_uris": [callback], "token_endpoint_auth_method": "none"}
    )
    client, verifier = registered.json()["client_id"], new_verifier()
    asked = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": callback,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        "scope": "notes:read",
    }
    sent = await http.get("/authorize", params=asked)
    away = await http.get(sent.headers["location"])
    assert away.headers["location"].startswith("/login?next=https%3A//mcp.example.com/consent")
    http.cookies.set("session", "s1", domain="mcp.example.com")
    page = await http.get(sent.headers["location"])
    fields = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)">', page.text))
    back = await http.post("/consent", data={**fields, "action": "approve"})
    [code] = parse_qs(urlsplit(back.headers["location"]).query)["code"]
    form = {
        "grant_type": "authorization_code",
        "client_id": client,
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": callback,
    }
    return (await http.post("/token", data=form)).json()


async def test_a_program_has_tokens_in_its_own_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody registers it, and workers share a storage."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NIGHTLY_SECRET", "s" * 32)
    monkeypatch.setenv("OAUTH_KEY", "bm90IHNlY3JldCwgYmVjYXVzZSBpdCBpcyBhIHRlc3Q=")

    def signed_in(request: Any) -> None:
        return None

    # snippet: programs
    import os

    from fastmcp.server.auth.auth import OAuthClientInformationFull
    from fastmcp.server.auth.oauth.stored import StoredOAuthProvider

    auth = StoredOAuthProvider(
        base_url="https://mcp.example.com",
        authenticate=signed_in,
        storage="sqlite:///oauth.db",
        encryption_key=os.environ["OAUTH_KEY"],
    )
    nightly = OAuthClientInformationFull(
        client_id="nightly",
        client_secret=os.environ["NIGHTLY_SECRET"],
        token_endpoint_auth_method="client_secret_basic",
        grant_types=["client_credentials"],
        scope="notes:read",
    )
    await auth.register_client(nightly)
    # end
    from fastmcp import FastMCP

    app = FastMCP("Notes", auth=auth).http_app(allowed_hosts=["mcp.example.com"])
    transport = httpx2.ASGITransport(app=app)
    async with auth.lifespan(), httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
        answer = await http.post(
            "/token", data={"grant_type": "client_credentials"}, auth=("nightly", "s" * 32)
        )
        assert answer.json()["scope"] == "notes:read"
