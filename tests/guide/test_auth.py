"""Authentication: who calls a server, and what they may."""

# ruff: noqa: B008 - what stands for a token is a call in a default
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apps import served


async def test_tokens_say_who_calls() -> None:
    """A mapping for a handful of callers; functions read what it says of them."""
    # snippet: mapping
    from fastmcp import Context, FastMCP

    mcp = FastMCP("Archive", auth={"s3cret": {"user": "ann", "role": "admin", "scopes": ["read"]}})

    @mcp.tool
    def greet(ctx: Context) -> str:
        return f"Hello {ctx.user_info['user']}"

    # end
    # snippet: reading
    from fastmcp.dependencies import CurrentAccessToken, TokenClaim
    from fastmcp.server.auth import AccessToken

    @mcp.tool
    def scopes(token: AccessToken = CurrentAccessToken()) -> list[str]:
        return token.scopes

    @mcp.tool
    def role(role: str = TokenClaim("role")) -> str:
        return role

    # end
    with served(mcp.http_app()) as base:
        url = f"{base}/mcp"
        # snippet: client
        from fastmcp import Client

        client = Client(url, auth="s3cret")
        # end
        async with client:
            assert (await client.call_tool("greet")).data == "Hello ann"
            assert (await client.call_tool("scopes")).data == ["read"]
            assert (await client.call_tool("role")).data == "admin"
        with pytest.raises(ConnectionError, match="401"):
            await Client(url, auth="wrong").__aenter__()


async def test_tokens_of_others_are_verified() -> None:
    """JWTs by the keys of their issuer, and where clients get them."""
    # snippet: jwt
    from fastmcp import FastMCP
    from fastmcp.server.auth import JWTVerifier, RemoteAuthProvider

    verifier = JWTVerifier(
        jwks_uri="https://auth.example/.well-known/jwks.json",
        issuer="https://auth.example",
        audience="https://archive.example/mcp",
        required_scopes=["archive"],
    )
    mcp = FastMCP(
        "Archive",
        auth=RemoteAuthProvider(
            token_verifier=verifier,
            authorization_servers=["https://auth.example"],
            base_url="https://archive.example",
        ),
    )
    # end
    import httpx2

    app = mcp.http_app(allowed_hosts=["archive.example"])
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://archive.example") as http:
        refused = await http.post("/mcp")
        found = await http.get("/.well-known/oauth-protected-resource/mcp")
    assert refused.status_code == 401
    assert found.json()["authorization_servers"] == ["https://auth.example"]


def test_a_fixed_application_of_an_issuer_is_behind_a_proxy() -> None:
    """Five lines for one that is known, a few more for another."""
    # snippet: proxy
    from fastmcp import FastMCP
    from fastmcp.server.auth.providers.github import GitHubProvider

    auth = GitHubProvider(
        client_id="Ov23li...",
        client_secret="...",
        base_url="https://archive.example",
        jwt_signing_key="a secret of the server's own, of many characters",
    )
    mcp = FastMCP("Archive", auth=auth)
    # end
    routes = {getattr(route, "path", "") for route in mcp.http_app().routes}
    assert {"/authorize", "/token", "/register", "/auth/callback"} <= routes


def test_checks_decide_who_sees_what() -> None:
    """Of a component, and of all that have a tag."""
    # snippet: checks
    from fastmcp import FastMCP
    from fastmcp.server.auth import AuthContext, require_roles, require_scopes, restrict_tag
    from fastmcp.server.middleware import AuthMiddleware

    def of_our_tenant(ctx: AuthContext) -> bool:
        return ctx.token is not None and ctx.token.claims.get("tenant") == "acme"

    mcp = FastMCP(
        "Archive",
        middleware=[AuthMiddleware(auth=restrict_tag("writes", scopes=["write"]))],
    )

    @mcp.tool(auth=[require_scopes("read"), of_our_tenant])
    def search(text: str) -> list[str]:
        return [text]

    @mcp.tool(auth=require_roles("admin"), tags={"writes"})
    def delete(name: str) -> str:
        return f"{name} is gone"

    # end
    from fastmcp.testing import create_test_client

    def seen(**user_info: Any) -> list[str]:
        client = create_test_client(mcp, user_info=user_info)
        try:
            return sorted(tool["name"] for tool in client.list_tools())
        finally:
            client.close()

    assert seen(user="ann", role="admin", scope="read write", tenant="acme") == ["delete", "search"]
    assert seen(user="bob", scope="read", tenant="acme") == ["search"]
    assert seen(user="eve", scope="read write") == []


async def test_functions_say_what_they_need() -> None:
    """Tools and routes, below the decorator that registers them."""
    # snippet: require
    from fastmcp import FastMCP
    from fastmcp.security import require_auth

    mcp = FastMCP("Archive", auth={"s3cret": {"user": "ann", "role": "admin"}})

    @mcp.tool
    @require_auth(roles=["admin"])
    def compact() -> str:
        return "done"

    @mcp.custom_route("/report", methods=["GET"])
    @require_auth
    async def report() -> dict[str, int]:
        return {"documents": 7}

    # end
    import httpx2

    with served(mcp.http_app()) as base:
        assert httpx2.get(f"{base}/report").status_code == 401
        headers = {"authorization": "Bearer s3cret"}
        assert httpx2.get(f"{base}/report", headers=headers).json() == {"documents": 7}

    # snippet: testing
    from fastmcp.testing import create_async_test_client

    async with create_async_test_client(mcp, user_info={"role": "admin"}) as client:
        assert await client.call_tool("compact") == "done"
    # end


async def test_keys_are_for_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made once, kept as digests, revoked at will."""
    monkeypatch.chdir(tmp_path)
    # snippet: keys
    from fastmcp import FastMCP
    from fastmcp.security import APIKeys, rate_limit

    keys = APIKeys("sqlite:///keys.db")
    mcp = FastMCP("Archive", auth=keys)

    @mcp.tool
    @rate_limit(100, seconds=60)
    def search(text: str) -> list[str]:
        return [text]

    # end
    # snippet: new_key
    new = await keys.create("nightly build", scopes=["read"], expires_in=90 * 24 * 3600)
    print(new.key)  # fmk_0f3c…: this once

    for key in await keys.list():
        print(key.prefix, key.name, key.expires_at)
    await keys.revoke(new.prefix)
    # end
    assert await keys.list() == []


async def test_signed_uris_open_resources() -> None:
    """For whoever has one, for a while."""
    # snippet: signed
    from fastmcp import FastMCP
    from fastmcp.security import ResourceSigner

    mcp = FastMCP("Archive")
    signer = ResourceSigner("a secret that is long enough")  # from the environment

    @signer.resource(mcp, "documents://{name}")
    def document(name: str) -> str:
        return f"The text of {name}"

    @mcp.tool
    def share(name: str) -> str:
        return signer.sign(f"documents://{name}", expires_in=600)

    # end
    from fastmcp import Client

    async with Client(mcp) as client:
        uri = (await client.call_tool("share", {"name": "plan"})).data
        contents: Any = await client.read_resource(uri)
    assert contents[0].text == "The text of plan"


def test_a_client_signs_its_user_in() -> None:
    """By a browser, or by credentials of its own."""
    url = "https://archive.example/mcp"
    # snippet: oauth
    from fastmcp import Client
    from fastmcp.client.auth import ClientCredentialsOAuthProvider, OAuth

    person = Client(url, auth="oauth")
    person = Client(url, auth=OAuth(scopes=["archive"]))
    program = Client(
        url, auth=ClientCredentialsOAuthProvider(url, client_id="nightly", client_secret="...")
    )
    # end
    assert person.transport is not None
    assert program.transport is not None
