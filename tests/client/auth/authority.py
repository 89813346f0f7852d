"""An authorization server and a protected MCP server of a test, each on a socket of its own."""

from __future__ import annotations

import base64
import secrets
import socket
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from fastmcp import FastMCP
from fastmcp._oauth.pkce import proves
from fastmcp.client.auth import AuthorizationCodeResult, OAuth
from fastmcp.server.auth import AccessToken, RemoteAuthProvider, TokenVerifier
from fastmcp.server.dependencies import get_access_token

SECONDS = 20


@contextmanager
def serving(make: Callable[[str], Any]) -> Generator[str]:
    """Serve the application that is made for a base URL; that URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            make(base), log_level="error", ws="none", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield base
        finally:
            server.should_exit = True
            thread.join(SECONDS)
            assert not thread.is_alive()


class Authority:
    """Lets everybody in who asks as the RFCs say. What it is asked is in `asked`, by endpoint; what
    its metadata say besides, and what it answers instead, are a test's.
    """

    def __init__(self) -> None:
        self.base = ""
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.metadata: dict[str, Any] = {}
        self.instead: dict[str, Callable[[dict[str, str]], Response | None]] = {}
        self.clients: dict[str, str | None] = {}
        self.methods: dict[str, str] = {}
        self.scopes: list[str] | None = None
        self.lasts: int | None = 3600
        self.refreshes = True
        self.redirect: dict[str, str | None] = {}
        self.tokens: dict[str, AccessToken] = {}
        self._codes: dict[str, dict[str, str]] = {}
        self._refresh: dict[str, dict[str, str]] = {}

    @property
    def issuer(self) -> str:
        return self.base

    def count(self, endpoint: str) -> int:
        return len(self.of(endpoint))

    def of(self, endpoint: str) -> list[dict[str, str]]:
        return [members for name, members in self.asked if name == endpoint]

    def revoke(self) -> None:
        """Forget every access token."""
        self.tokens.clear()

    def app(self, base: str) -> Starlette:
        self.base = base
        return Starlette(
            routes=[
                Route("/.well-known/oauth-authorization-server", self._metadata),
                Route("/register", self._register, methods=["POST"]),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    def _other(self, endpoint: str, members: dict[str, str]) -> Response | None:
        self.asked.append((endpoint, members))
        other = self.instead.get(endpoint)
        return None if other is None else other(members)

    async def _metadata(self, request: Request) -> Response:
        if (other := self._other("metadata", {})) is not None:
            return other
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "registration_endpoint": f"{self.base}/register",
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
            "authorization_response_iss_parameter_supported": True,
        } | self.metadata
        return JSONResponse({name: value for name, value in document.items() if value is not None})

    async def _register(self, request: Request) -> Response:
        asked = await request.json()
        if (other := self._other("register", asked)) is not None:
            return other
        id, method = secrets.token_urlsafe(8), asked.get("token_endpoint_auth_method", "none")
        secret = None if method == "none" else secrets.token_urlsafe(8)
        self.clients[id], self.methods[id] = secret, method
        more = {} if secret is None else {"client_secret": secret}
        return JSONResponse({**asked, "client_id": id, **more}, 201)

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if (other := self._other("authorize", asked)) is not None:
            return other
        if asked["client_id"] not in self.clients:
            return Response("unknown client", 400)
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.issuer} | self.redirect
        query = urlencode({name: value for name, value in back.items() if value is not None})
        return RedirectResponse(f"{asked['redirect_uri']}?{query}", 302)

    async def _token(self, request: Request) -> Response:
        asked = dict(parse_qsl((await request.body()).decode()))
        asked |= _basic(request.headers.get("authorization"))
        if (other := self._other("token", asked)) is not None:
            return other
        id = asked.get("client_id", "")
        if id not in self.clients or self.clients[id] != asked.get("client_secret"):
            return JSONResponse({"error": "invalid_client"}, 401)
        if asked["grant_type"] == "client_credentials":
            return self._given(asked, id)
        if asked["grant_type"] == "refresh_token":
            before = self._refresh.pop(asked["refresh_token"], None)
            return self._given(before, id) if before else _refused("invalid_grant")
        before = self._codes.pop(asked["code"], None)
        if before is None or not proves(asked["code_verifier"], before["code_challenge"]):
            return _refused("invalid_grant")
        return self._given(before, id)

    def _given(self, asked: dict[str, str], id: str) -> Response:
        scopes = asked.get("scope", "").split()
        scopes = scopes if self.scopes is None else [one for one in scopes if one in self.scopes]
        token, refresh = secrets.token_urlsafe(8), secrets.token_urlsafe(8)
        self.tokens[token] = AccessToken(token=token, client_id=id, scopes=scopes)
        answer: dict[str, Any] = {"access_token": token, "token_type": "bearer"}
        answer |= {"scope": " ".join(scopes)} if scopes else {}
        answer |= {} if self.lasts is None else {"expires_in": self.lasts}
        if self.refreshes and asked.get("grant_type") != "client_credentials":
            self._refresh[refresh] = asked
            answer["refresh_token"] = refresh
        return JSONResponse(answer)


def _basic(header: str | None) -> dict[str, str]:
    if header is None:
        return {}
    id, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    return {"client_id": unquote(id), "client_secret": unquote(secret)}


def _refused(error: str) -> Response:
    return JSONResponse({"error": error}, 400)


class Verifier(TokenVerifier):
    """Knows the tokens of some authorities."""

    def __init__(self, *authorities: Authority, **options: Any) -> None:
        super().__init__(**options)
        self.authorities = authorities

    async def verify_token(self, token: str) -> AccessToken | None:
        for one in self.authorities:
            if token in one.tokens:
                return one.tokens[token]
        return None


def protected(authority: Authority, base: str, **options: Any) -> FastMCP:
    """A server that wants tokens of an authority."""
    auth = RemoteAuthProvider(Verifier(authority, **options), [authority.issuer], base)
    mcp = FastMCP("Protected", auth=auth)

    @mcp.tool
    def who() -> str:
        token = get_access_token()
        return "nobody" if token is None else f"{token.client_id} {' '.join(token.scopes)}"

    return mcp


class Stepping:
    """In front of a server: calls of tools need one scope more than the rest."""

    def __init__(self, app: Any, authority: Authority, scope: str) -> None:
        self.app = app
        self.authority = authority
        self.scope = scope

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers", ()))
        token = headers.get(b"authorization", b"").decode().removeprefix("Bearer ")
        known = self.authority.tokens.get(token)
        is_call = headers.get(b"mcp-method") == b"tools/call"
        if not is_call or known is None or self.scope in known.scopes:
            await self.app(scope, receive, send)
            return
        challenge = f'Bearer error="insufficient_scope", scope="{self.scope}"'
        await Response(status_code=403, headers={"www-authenticate": challenge})(
            scope, receive, send
        )


@contextmanager
def world(step: str | None = None, **options: Any) -> Generator[tuple[Authority, str]]:
    """An authority, and the URL of an MCP server that wants its tokens; calls of tools need the
    scope `step` besides.
    """
    authority = Authority()

    def make(base: str) -> Any:
        app = protected(authority, base, **options).http_app()
        return app if step is None else Stepping(app, authority, step)

    with serving(authority.app), serving(make) as base:
        yield authority, f"{base}/mcp"


class Agreeing(OAuth):
    """Signs in as a browser would whose user agrees at once."""

    pages: int = 0

    async def redirect_handler(self, authorization_url: str) -> None:
        self.pages += 1
        async with httpx2.AsyncClient() as browser:
            answer = await browser.get(authorization_url, follow_redirects=False)
        self.back: Mapping[str, str] = httpx2.URL(answer.headers["location"]).params

    async def callback_handler(self) -> Any:
        back = self.back
        return AuthorizationCodeResult(back["code"], back.get("state"), back.get("iss"))
