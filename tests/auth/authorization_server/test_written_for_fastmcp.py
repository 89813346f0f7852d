"""Authorization servers that were written for FastMCP, with objects of the official package."""

from __future__ import annotations

import secrets
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    RefreshToken,
    construct_redirect_uri,
)
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyHttpUrl, AnyUrl

from fastmcp.server.auth.handlers.authorize import AuthorizationHandler
from fastmcp.server.auth.oauth.options import ClientRegistrationOptions, RevocationOptions
from fastmcp.server.auth.oauth.provider import OAuthProvider
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider
from fastmcp.testing.serving import run_server_async

from .flows import BASE, flow_of, server_with, told

BARE = "http://localhost:5000"


class Written(OAuthProvider):
    """One that keeps objects of the official package in dicts."""

    def __init__(self) -> None:
        super().__init__(
            base_url=AnyHttpUrl(BASE),
            issuer_url=AnyHttpUrl("https://login.example.com"),
            service_documentation_url=AnyHttpUrl("https://docs.example.com/x"),
            client_registration_options=ClientRegistrationOptions(enabled=True),
            revocation_options=RevocationOptions(enabled=True),
            required_scopes=["read"],
        )
        self.clients: dict[str, Any] = {
            "fixed": OAuthClientInformationFull(
                client_id="fixed",
                token_endpoint_auth_method="none",
                redirect_uris=[AnyUrl(BARE)],
                scope="read",
            )
        }
        self.codes: dict[str, AuthorizationCode] = {}
        self.tokens: dict[str, AccessToken] = {}
        self.refreshes: dict[str, RefreshToken] = {}

    async def get_client(self, client_id: str) -> Any:
        return self.clients.get(client_id)

    async def register_client(self, client_info: Any) -> None:
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client: Any, params: Any) -> str:
        code = AuthorizationCode(
            code=secrets.token_hex(16),
            scopes=params.scopes or [],
            expires_at=time.time() + 60,
            client_id=client.client_id,
            code_challenge=params.code_challenge,
            redirect_uri=AnyUrl(str(params.redirect_uri)),
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=params.resource,
        )
        self.codes[code.code] = code
        return construct_redirect_uri(str(params.redirect_uri), code=code.code, state=params.state)

    async def load_authorization_code(self, client: Any, authorization_code: str) -> Any:
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(self, client: Any, authorization_code: Any) -> Any:
        code = self.codes.pop(authorization_code.code)
        return self._issue(client, code.scopes, code.resource)

    def _issue(self, client: Any, scopes: list[str], resource: str | None) -> OAuthToken:
        access, refresh = secrets.token_hex(16), secrets.token_hex(16)
        self.tokens[access] = AccessToken(
            token=access, client_id=client.client_id, scopes=scopes, resource=resource
        )
        self.refreshes[refresh] = RefreshToken(
            token=refresh, client_id=client.client_id, scopes=scopes, resource=resource
        )
        return OAuthToken(access_token=access, refresh_token=refresh, expires_in=60)

    async def load_refresh_token(self, client: Any, refresh_token: str) -> Any:
        return self.refreshes.get(refresh_token)

    async def exchange_refresh_token(self, client: Any, refresh_token: Any, scopes: Any) -> Any:
        del self.refreshes[refresh_token.token]
        return self._issue(client, scopes, refresh_token.resource)

    async def load_access_token(self, token: str) -> Any:
        return self.tokens.get(token)

    async def revoke_token(self, token: Any) -> None:
        self.tokens.pop(token.token, None)
        self.refreshes.pop(token.token, None)


async def test_a_provider_with_official_objects_serves_the_whole_flow() -> None:
    """Also where a URL of pydantic's has a slash that the client did not write."""
    async with flow_of(Written()) as flow:
        document = (await flow.http.get("/.well-known/oauth-authorization-server")).json()
        assert document["issuer"].startswith("https://login.example.com")
        assert document["service_documentation"] == "https://docs.example.com/x"
        flow.client = {"client_id": "fixed"}
        sent = told(await flow.authorize(redirect_uri=BARE))
        assert sent["iss"] == document["issuer"]
        tokens = (await flow.redeem(sent["code"], redirect_uri=BARE)).json()
        assert tokens["token_type"] == "Bearer"
        assert await flow.calls(tokens["access_token"]) == 200
        newer = (await flow.refresh(tokens["refresh_token"])).json()
        assert await flow.calls(newer["access_token"]) == 200
        form = {"client_id": "fixed", "token": newer["access_token"]}
        assert (await flow.http.post("/revoke", data=form)).status_code == 200
        assert await flow.calls(newer["access_token"]) == 401

        await flow.register()
        assert (await flow.redeem(told(await flow.authorize())["code"])).status_code == 200


async def test_options_of_the_official_package_are_taken() -> None:
    """They have the same members."""
    from mcp.server.auth.settings import ClientRegistrationOptions as Theirs

    provider = InMemoryOAuthProvider(
        base_url=BASE,
        client_registration_options=Theirs(
            enabled=True, valid_scopes=["read", "write"], default_scopes=["read"]
        ),
    )
    async with flow_of(provider) as flow:
        assert (await flow.register(scope=None))["scope"] == "read"
        assert "access_token" in await flow.tokens()


async def test_an_authorization_handler_can_be_routed_by_hand() -> None:
    """Where FastMCP has it, with its keywords."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    handler = AuthorizationHandler(
        provider=Written(),
        base_url=BASE,
        server_name="<Mine>",
        server_icon_url="https://i.example/i",
    )
    app = Starlette(routes=[Route("/authorize", handler.handle, methods=["GET", "POST"])])
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
        page = await http.get(
            "/authorize", params={"client_id": "nobody"}, headers={"accept": "text/html"}
        )
        assert page.status_code == 400
        assert "&lt;Mine&gt;" in page.text
        assert 'src="https://i.example/i"' in page.text
        assert "img-src https://i.example" in page.headers["content-security-policy"]


class Kept:
    """Where the official client keeps what it was given."""

    def __init__(self) -> None:
        self.tokens: Any = None
        self.client: Any = None

    async def get_tokens(self) -> Any:
        return self.tokens

    async def set_tokens(self, tokens: Any) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> Any:
        return self.client

    async def set_client_info(self, client_info: Any) -> None:
        self.client = client_info


async def test_the_official_client_finds_its_way_over_a_socket() -> None:
    """From a 401 to a call, and again when its token has been revoked."""
    from mcp import ClientSession
    from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
    from mcp.client.streamable_http import streamable_http_client
    from processes import free_port

    port = free_port()
    provider = InMemoryOAuthProvider(
        base_url=f"http://127.0.0.1:{port}",
        client_registration_options=ClientRegistrationOptions(enabled=True, valid_scopes=["read"]),
        required_scopes=["read"],
    )
    kept, sent = Kept(), list[str]()

    async def opened(url: str) -> None:
        async with httpx2.AsyncClient() as browser:
            sent.append((await browser.get(url)).headers["location"])

    async def called_back() -> AuthorizationCodeResult:
        [query] = [parse_qs(urlsplit(sent[-1]).query)]
        return AuthorizationCodeResult(
            **{name: query[name][0] for name in ("code", "state", "iss")}
        )

    async with run_server_async(server_with(provider), port) as url:
        auth = OAuthClientProvider(
            url,
            OAuthClientMetadata(redirect_uris=[AnyUrl("http://127.0.0.1:1/cb")], client_name="SDK"),
            kept,
            opened,
            called_back,
        )
        async with (
            httpx2.AsyncClient(auth=auth, follow_redirects=True) as http,
            streamable_http_client(url, http_client=http) as streams,
            ClientSession(*streams[:2]) as session,
        ):
            await session.initialize()
            assert [tool.name for tool in (await session.list_tools()).tools] == ["who"]
            provider.access_tokens.clear()
            assert [tool.name for tool in (await session.list_tools()).tools] == ["who"]
        assert len(provider.clients) == 1
        assert kept.tokens.refresh_token in provider.refresh_tokens
