"""Tools get tokens of other services, as Microsoft Graph, in the name of their caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from fastmcp import FastMCP
from fastmcp.exceptions import AuthorityUnavailable, AuthorizationError
from fastmcp.server.auth import MultiAuth
from fastmcp.server.auth.identity_providers.on_behalf_of import DownstreamTokens
from fastmcp.server.auth.providers.azure import EntraOBOToken

from ..oauth_proxy.browsing import CALL, Flow
from .identity_provider import IdentityProvider, basic
from .proxies import PROXIES
from .test_proxies import signed_in

MAIL = "https://graph.microsoft.com/Mail.Read"


def with_mail(auth: Any) -> FastMCP:
    """A server whose tool needs a token of Graph."""
    mcp = FastMCP("Mail", auth=auth)

    @mcp.tool
    async def who(token: str = EntraOBOToken([MAIL])) -> str:
        return f"asks Graph with {token}"

    return mcp


@asynccontextmanager
async def signed_in_at(mcp: FastMCP, idp: IdentityProvider) -> AsyncGenerator[tuple[Flow, str]]:
    """A client that is authorized by Entra, and its token here."""
    PROXIES["azure"].sign_in(idp, ["read"])
    app = mcp.http_app(stateless_http=True)
    async with app.lifespan(app):
        flow = Flow(app, mcp.auth)
        async with flow.http, flow.browser.http:
            await flow.register()
            tokens = await signed_in(flow, await flow.upstream())
            yield flow, tokens["access_token"]


async def said(flow: Flow, token: str) -> str:
    return (await flow.call(token)).text.replace("\\", "")


async def test_a_tool_asks_another_service_in_the_name_of_its_caller(
    idp: IdentityProvider,
) -> None:
    """By Entra's own token for that, which is exchanged once; the parameter is not the client's."""
    async with idp.client() as http:
        auth = PROXIES["azure"].provider(idp, http)
        async with signed_in_at(with_mail(auth), idp) as (flow, token):
            assertion = idp.granted["access_token"]
            idp.granted = {"access_token": "graph-token"}
            idp.requests.clear()
            assert "asks Graph with graph-token" in await said(flow, token)
            assert "asks Graph with graph-token" in await said(flow, token)
            [(headers, form)] = [
                (headers, form) for page, headers, form in idp.requests if page.endswith("/token")
            ]
            assert headers["authorization"] == basic("our-app", "secret-of-our-app")
            assert form == {
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": assertion,
                "scope": MAIL,
                "requested_token_use": "on_behalf_of",
            }
            await auth.close_obo_credentials()
            idp.granted = {"access_token": "newer-token"}
            assert "newer-token" in await said(flow, token)
            listed = await flow.http.post(
                "/mcp",
                json={**CALL, "method": "tools/list", "params": {}},
                headers={"authorization": f"Bearer {token}", "accept": "application/json"},
            )
            assert '"token"' not in listed.text


async def test_the_provider_is_found_behind_others_and_from_a_mounted_server(
    idp: IdentityProvider,
) -> None:
    """It is the one of the server that the client reached."""
    async with idp.client() as http:
        auth = MultiAuth(server=PROXIES["azure"].provider(idp, http))
        outer = FastMCP("Outer", auth=auth)
        outer.mount(with_mail(None))
        async with signed_in_at(outer, idp) as (flow, token):
            idp.granted = {"access_token": "graph-token"}
            assert "graph-token" in await said(flow, token)


async def test_a_user_who_has_not_agreed_is_told_so(idp: IdentityProvider) -> None:
    """By the code of Entra's error, and by nothing else of it."""
    async with idp.client() as http:
        auth = PROXIES["azure"].provider(idp, http)
        credential = await auth.get_obo_credential("user-token")
        idp.instead = (400, b'{"error": "invalid_grant", "error_description": "AADSTS65001"}', {})
        with pytest.raises(AuthorizationError, match="invalid_grant") as caught:
            await credential.get_token(MAIL)
        assert "AADSTS65001" not in str(caught.value)
        assert "user-token" not in str(caught.value)
        idp.instead = (500, b"", {})
        with pytest.raises(AuthorityUnavailable):
            await credential.get_token(MAIL)


async def test_a_credential_is_of_the_shape_of_azure_identity(idp: IdentityProvider) -> None:
    """Libraries that take one of those take it."""
    async with idp.client() as http:
        auth = PROXIES["azure"].provider(idp, http)
        idp.granted = {"access_token": "graph-token"}
        async with await auth.get_obo_credential("user-token") as credential:
            found = await credential.get_token(MAIL, claims=None, tenant_id=None)
    assert found.token == "graph-token"
    assert isinstance(found.expires_on, int)
    assert "graph-token" not in repr(found)


@pytest.mark.parametrize("auth", [None, {"good": {"user": "ann"}}])
async def test_it_needs_a_caller_and_entra(auth: Any) -> None:
    """The error says what is missing."""
    app = with_mail(auth).http_app(stateless_http=True)
    headers = {"authorization": "Bearer good", "accept": "application/json"}
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.lifespan(app),
        httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http,
    ):
        answer = (await http.post("/mcp", json=CALL, headers=headers)).json()
    assert answer["result"]["isError"]
    missing = "no access token" if auth is None else "AzureProvider"
    assert missing in answer["result"]["content"][0]["text"]


# Remembering


async def test_tokens_are_exchanged_again_before_they_end() -> None:
    """For each user and service on its own; once for all who ask at the same time."""
    now = [1_000.0]
    asked: list[tuple[str, str]] = []

    async def exchange(assertion: str, scopes: str) -> dict[str, Any]:
        asked.append((assertion, scopes))
        await asyncio.sleep(0)
        return {"access_token": f"{assertion}-{len(asked)}", "expires_at": now[0] + 3600}

    tokens = DownstreamTokens(exchange, lambda: now[0])
    found = await asyncio.gather(*(tokens.get("ann", ("a", "b")) for _ in range(5)))
    assert {each.token for each in found} == {"ann-1"}
    assert asked == [("ann", "a b")]
    await tokens.get("bob", ("a", "b"))
    await tokens.get("ann", ("c",))
    assert len(asked) == 3
    now[0] += 3200
    await tokens.get("ann", ("a", "b"))
    assert len(asked) == 3
    now[0] += 101
    assert (await tokens.get("ann", ("a", "b"))).token == "ann-4"


async def test_only_so_many_downstream_tokens_are_remembered() -> None:
    """However many users there are."""

    async def exchange(assertion: str, scopes: str) -> dict[str, Any]:
        return {"access_token": "x", "expires_at": 10_000}

    tokens = DownstreamTokens(exchange, lambda: 0.0)
    for number in range(1_500):
        await tokens.get(str(number), ("a",))
    assert len(tokens) == 1_000
