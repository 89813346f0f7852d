"""An application with an authorization server, and what a client does with it, step by step."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from fastmcp import Context, FastMCP
from fastmcp._oauth.pkce import challenge_of, new_verifier
from fastmcp.server.auth.oauth.options import ClientRegistrationOptions, RevocationOptions
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider

BASE = "http://127.0.0.1:8000"
RESOURCE = f"{BASE}/mcp"
CALLBACK = "http://127.0.0.1:5000/callback"
CLIENT: dict[str, Any] = {
    "redirect_uris": [CALLBACK],
    "client_name": "Probe",
    "token_endpoint_auth_method": "none",
    "scope": "read write",
}
PING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        import time

        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def in_memory(**options: Any) -> InMemoryOAuthProvider:
    """A provider with everything on."""
    options = {
        "base_url": BASE,
        "client_registration_options": ClientRegistrationOptions(
            enabled=True, valid_scopes=["read", "write"], default_scopes=["read"]
        ),
        "revocation_options": RevocationOptions(enabled=True),
        "required_scopes": ["read"],
        **options,
    }
    return InMemoryOAuthProvider(**options)


def server_with(provider: Any) -> FastMCP:
    """A server that tells its callers who they are."""
    mcp = FastMCP("Guarded", auth=provider)

    @mcp.tool
    def who(ctx: Context) -> dict[str, Any]:
        return dict(ctx.user_info)

    return mcp


class Flow:
    """A client of an authorization server, as a program and its user's browser."""

    def __init__(self, http: httpx2.AsyncClient, provider: Any) -> None:
        self.http = http
        self.provider = provider
        self.client: dict[str, Any] = {}
        self.verifier = new_verifier()

    async def register(self, **metadata: Any) -> dict[str, Any]:
        """Register; the client is what the answer says."""
        answer = await self.http.post("/register", json={**CLIENT, **metadata})
        assert answer.status_code == 201, answer.text
        self.client = answer.json()
        return self.client

    def request(self, **changes: Any) -> dict[str, str]:
        """The parameters of an authorization request; those that are None are left out."""
        params = {
            "response_type": "code",
            "client_id": self.client.get("client_id"),
            "redirect_uri": CALLBACK,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            "state": "st&te=1",
            "scope": "read",
            "resource": RESOURCE,
            **changes,
        }
        return {name: value for name, value in params.items() if value is not None}

    async def authorize(self, **changes: Any) -> httpx2.Response:
        """What the browser gets for an authorization request."""
        return await self.http.get("/authorize", params=self.request(**changes))

    async def code(self, **changes: Any) -> str:
        """A code, of a server that asks nobody."""
        return told(await self.authorize(**changes))["code"]

    async def token(self, **form: Any) -> httpx2.Response:
        """A request of the token endpoint, as the public client that it is."""
        form = {"client_id": self.client.get("client_id"), **form}
        return await self.http.post(
            "/token", data={name: value for name, value in form.items() if value is not None}
        )

    async def redeem(self, code: str, **changes: Any) -> httpx2.Response:
        """A request of tokens for a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": self.verifier,
            "redirect_uri": CALLBACK,
            **changes,
        }
        return await self.token(**form)

    async def refresh(self, token: str, **changes: Any) -> httpx2.Response:
        """A request of tokens for a refresh token."""
        return await self.token(grant_type="refresh_token", refresh_token=token, **changes)

    async def tokens(self, **changes: Any) -> dict[str, Any]:
        """Tokens, from the beginning."""
        answer = await self.redeem(await self.code(**changes))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def calls(self, token: str) -> int:
        """The status of a call of MCP with a token."""
        answer = await self.http.post(
            "/mcp",
            json=PING,
            headers={
                "authorization": f"Bearer {token}",
                "accept": "application/json, text/event-stream",
            },
        )
        return answer.status_code

    async def who(self, token: str) -> dict[str, Any]:
        """What the server knows of the caller by a token."""
        call = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "who", "arguments": {}},
        }
        accept = "application/json, text/event-stream"
        headers = {"authorization": f"Bearer {token}", "accept": accept}
        got = await self.http.post("/mcp", json=call, headers=headers)
        [line] = [each for each in got.text.splitlines() if each.startswith(("data:", "{"))]
        result = json.loads(line.removeprefix("data:"))["result"]
        return json.loads(result["content"][0]["text"])


def told(answer: httpx2.Response) -> dict[str, str]:
    """What a redirect to the client tells it."""
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: value for name, [value] in query.items()}


@asynccontextmanager
async def flow_of(provider: Any, base_url: str = BASE) -> AsyncGenerator[Flow]:
    """A client of the application of a server that a provider protects."""
    app = server_with(provider).http_app(stateless_http=True)
    async with (
        app.lifespan(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app, raise_app_exceptions=True), base_url=base_url
        ) as http,
    ):
        yield Flow(http, provider)


@asynccontextmanager
async def registered(provider: Any = None, **metadata: Any) -> AsyncGenerator[Flow]:
    """A client that has registered, of a provider in memory by default."""
    async with flow_of(provider or in_memory()) as flow:
        await flow.register(**metadata)
        yield flow
