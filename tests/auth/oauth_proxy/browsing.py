"""A server whose users sign in elsewhere, a client of it, and the browser of its user."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from fastmcp import Context, FastMCP
from fastmcp._oauth.pkce import challenge_of, new_verifier
from fastmcp.server.auth.oauth_proxy import OAuthProxy
from fastmcp.server.auth.providers.jwt import JWTVerifier
from fastmcp.server.backplane import MemoryBackplane

from .identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider

BASE = "https://mcp.example.com"
RESOURCE = f"{BASE}/mcp"
CALLBACK = "http://127.0.0.1:5000/callback"
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "who"}}


def proxy_of(idp: IdentityProvider, **options: Any) -> OAuthProxy:
    """A proxy for an identity provider, which keeps everything in memory."""
    issuer = options.pop("verified_issuer", idp.url)
    return OAuthProxy(
        **{
            "upstream_authorization_endpoint": f"{idp.url}/authorize",
            "upstream_token_endpoint": f"{idp.url}/token",
            "upstream_revocation_endpoint": f"{idp.url}/revoke",
            "upstream_client_id": CLIENT_ID,
            "upstream_client_secret": CLIENT_SECRET,
            "token_verifier": JWTVerifier(
                jwks_uri=f"{idp.url}/jwks", issuer=issuer, audience="api", required_scopes=["read"]
            ),
            "base_url": BASE,
            "client_storage": MemoryBackplane(),
            **options,
        }
    )


def server_with(auth: Any) -> FastMCP:
    """A server that tells its callers who they are."""
    mcp = FastMCP("Guarded", auth=auth)

    @mcp.tool
    def who(ctx: Context) -> dict[str, Any]:
        return {"sub": ctx.user_info["sub"]}

    return mcp


class Browser:
    """Has cookies, and goes where it is sent, one step at a time."""

    def __init__(self, app: Any, base: str = BASE) -> None:
        self.base = base
        self.http = httpx2.AsyncClient(
            mounts={base: httpx2.ASGITransport(app=app)}, headers={"accept": "text/html"}
        )

    async def open(self, url: str, **headers: str) -> httpx2.Response:
        return await self.http.get(url, headers=headers)

    async def answer(self, page: httpx2.Response, action: str, **changes: str) -> httpx2.Response:
        """Press a button of a consent page."""
        assert page.status_code == 200, page.text
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.text))
        form = {name: unescape(value) for name, value in fields.items()} | {"action": action}
        return await self.http.post(f"{self.base}/consent", data={**form, **changes})


class Flow:
    """A client that is authorized, with the browser of its user."""

    def __init__(self, app: Any, proxy: Any, base: str = BASE) -> None:
        self.app = app
        self.proxy = proxy
        self.base = base
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=base)
        self.browser = Browser(app, base)
        self.client: dict[str, Any] = {}
        self.verifier = new_verifier()

    async def register(self, **metadata: Any) -> dict[str, Any]:
        asked = {"redirect_uris": [CALLBACK], "client_name": "Probe", **metadata}
        answer = await self.http.post("/register", json=asked)
        assert answer.status_code == 201, answer.text
        self.client = answer.json()
        return self.client

    def url(self, **changes: Any) -> str:
        """Where the client sends its user."""
        asked = {
            "response_type": "code",
            "client_id": self.client.get("client_id"),
            "redirect_uri": CALLBACK,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            "state": "st&te=1",
            "resource": f"{self.base}/mcp",
            **changes,
        }
        query = httpx2.QueryParams({name: each for name, each in asked.items() if each is not None})
        return f"{self.base}/authorize?{query}"

    async def asked(self, browser: Browser | None = None, **changes: Any) -> httpx2.Response:
        """The consent page."""
        browser = browser or self.browser
        sent = await browser.open(self.url(**changes))
        assert sent.status_code == 302, sent.text
        return await browser.open(sent.headers["location"])

    async def upstream(self, **changes: Any) -> str:
        """Where the identity provider is asked, after the user said yes."""
        answered = await self.browser.answer(await self.asked(**changes), "approve")
        assert answered.status_code == 302, answered.text
        return answered.headers["location"]

    async def returned(self, **changes: Any) -> str:
        """Where the identity provider sends the user back to."""
        signed_in = await self.browser.open(await self.upstream(**changes))
        return signed_in.headers["location"]

    async def told(self, **changes: Any) -> dict[str, str]:
        """What the client hears at the end."""
        return told(await self.browser.open(await self.returned(**changes)))

    async def token(self, **form: Any) -> httpx2.Response:
        return await self.http.post("/token", data={"client_id": self.client["client_id"], **form})

    async def redeem(self, code: str, **changes: Any) -> httpx2.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": self.verifier,
            "redirect_uri": CALLBACK,
            **changes,
        }
        return await self.token(**form)

    async def tokens(self, **changes: Any) -> dict[str, Any]:
        """Tokens, from the beginning."""
        answer = await self.redeem((await self.told(**changes))["code"])
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refresh(self, token: str, **changes: Any) -> httpx2.Response:
        return await self.token(grant_type="refresh_token", refresh_token=token, **changes)

    async def call(self, token: str, base: str | None = None) -> httpx2.Response:
        """A call of MCP with a token."""
        headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/json, text/event-stream",
        }
        return await self.http.post("/mcp", json=CALL, headers=headers)


def told(answer: httpx2.Response) -> dict[str, str]:
    """What a redirect to the client tells it."""
    assert answer.status_code == 302, answer.text
    location = answer.headers["location"]
    assert location.startswith(CALLBACK), location
    query = parse_qs(urlsplit(location).query)
    assert all(len(values) == 1 for values in query.values()), location
    return {name: value for name, [value] in query.items()}


class Workers:
    """Several applications, which take requests in turn."""

    def __init__(self, apps: list[Any]) -> None:
        self._turns = itertools.cycle(apps)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await next(self._turns)(scope, receive, send)


@asynccontextmanager
async def flow_of(*proxies: Any, base: str = BASE) -> AsyncGenerator[Flow]:
    """A client that has registered at the application of a server that a proxy protects; with more
    than one at the workers of that server.
    """
    apps = [server_with(each).http_app(stateless_http=True) for each in proxies]
    async with AsyncExitStack() as opened:
        for app in apps:
            await opened.enter_async_context(app.lifespan(app))
        flow = Flow(Workers(apps), proxies[0], base)
        async with flow.http, flow.browser.http:
            await flow.register()
            yield flow
