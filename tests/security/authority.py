"""An authorization server to be attacked, and what an attacker says to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from fastmcp import Context, FastMCP
from fastmcp._oauth.pkce import challenge_of, new_verifier
from fastmcp.server.auth.oauth.options import ClientRegistrationOptions, RevocationOptions
from fastmcp.server.auth.oauth.rates import OAuthRates
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider

BASE = "http://127.0.0.1:8000"
RESOURCE = f"{BASE}/mcp"
CALLBACK = "http://127.0.0.1:5000/callback"
UNLIMITED = OAuthRates(register=None, authorize=None, token=None)

# RFC 6749 (4.1.2.1 and 5.2), 7591, 8707, and OpenID Connect.
CODES = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "invalid_scope",
    "access_denied",
    "invalid_redirect_uri",
    "invalid_client_metadata",
    "invalid_target",
    "request_not_supported",
    "request_uri_not_supported",
    "temporarily_unavailable",
}


def authority(**options: Any) -> InMemoryOAuthProvider:
    """One with everything on, which may be asked as often as one likes."""
    given: dict[str, Any] = {
        "base_url": BASE,
        "client_registration_options": ClientRegistrationOptions(
            enabled=True, valid_scopes=["read", "write"], default_scopes=["read"]
        ),
        "revocation_options": RevocationOptions(enabled=True),
        "required_scopes": ["read"],
        "rates": UNLIMITED,
        **options,
    }
    return InMemoryOAuthProvider(**given)


def guarded(provider: Any) -> FastMCP:
    """A server that tells its callers who they are."""
    mcp = FastMCP("Guarded", auth=provider)

    @mcp.tool
    def who(ctx: Context) -> dict[str, Any]:
        return dict(ctx.user_info)

    return mcp


@asynccontextmanager
async def reached(provider: Any, **options: Any) -> AsyncGenerator[httpx2.AsyncClient]:
    """Somebody who sends requests to the application of a server with that provider."""
    app = guarded(provider).http_app(stateless_http=True, **options)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
    async with (
        app.lifespan(app),
        httpx2.AsyncClient(transport=transport, base_url=BASE) as http,
    ):
        yield http


class Party:
    """A client that has registered itself, honestly or not."""

    def __init__(self, http: httpx2.AsyncClient, client: dict[str, Any]) -> None:
        self.http = http
        self.client = client
        self.verifier = new_verifier()

    @classmethod
    async def registered(cls, http: httpx2.AsyncClient, **metadata: Any) -> Party:
        said = {
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "none",
            "scope": "read write",
            **metadata,
        }
        answer = await http.post("/register", json=said)
        assert answer.status_code == 201, answer.text
        return cls(http, answer.json())

    async def authorize(self, **changes: Any) -> httpx2.Response:
        params = {
            "response_type": "code",
            "client_id": self.client["client_id"],
            "redirect_uri": CALLBACK,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            "scope": "read",
            "state": "s",
            **changes,
        }
        said = {name: value for name, value in params.items() if value is not None}
        return await self.http.get("/authorize", params=said)

    async def code(self, **changes: Any) -> str:
        return query_in(await self.authorize(**changes))["code"]

    async def token(self, **form: Any) -> httpx2.Response:
        said = {"client_id": self.client["client_id"], **form}
        data = {name: value for name, value in said.items() if value is not None}
        return await self.http.post("/token", data=data)

    async def redeem(self, code: str, **changes: Any) -> httpx2.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": self.verifier,
            "redirect_uri": CALLBACK,
        }
        return await self.token(**(form | changes))

    async def refresh(self, token: str, **changes: Any) -> httpx2.Response:
        return await self.token(grant_type="refresh_token", refresh_token=token, **changes)

    async def tokens(self, **changes: Any) -> dict[str, Any]:
        answer = await self.redeem(await self.code(**changes))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def calls(self, token: str) -> int:
        """The status of a request of MCP."""
        return await call_with(self.http, token)


async def call_with(http: httpx2.AsyncClient, token: str) -> int:
    """The status of a request of MCP with a token."""
    answer = await http.post(
        "/mcp",
        json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        headers=[
            (b"authorization", b"Bearer " + token.encode("utf-8", "surrogateescape")),
            (b"accept", b"application/json, text/event-stream"),
        ],
    )
    return answer.status_code


def query_in(answer: httpx2.Response) -> dict[str, str]:
    """What a redirect tells."""
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: value for name, [value] in query.items()}
