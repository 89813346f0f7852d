"""An HTTP server on a real socket that answers as every named identity provider does, at the hosts
and paths of theirs.
"""

from __future__ import annotations

import base64
import json
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from fnmatch import fnmatch
from typing import Any
from urllib.parse import parse_qsl

import httpx2
from apps import served
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from fastmcp.server.auth.providers.jwt import RSAKeyPair

APP = "our-app"
SECRET = "secret-of-our-app"
ANN = {
    "name": "Ann",
    "email": "ann@example.com",
    "given_name": "Ann",
    "family_name": "Example",
    "picture": "https://example.com/ann.png",
    "preferred_username": "ann",
}


class Token:
    """A token that was issued to an app for Ann."""

    def __init__(self, scopes: str, app: str = APP, *, seconds: int = 3600) -> None:
        self.scopes = scopes
        self.app = app
        self.ends = int(time.time()) + seconds

    @property
    def left(self) -> int:
        return self.ends - int(time.time())


class IdentityProvider:
    """What it knows, and what it was asked. `instead`, a status and a body, is its only answer
    while it is set.
    """

    def __init__(self, base: str, keys: RSAKeyPair) -> None:
        self.base = base
        self.keys = keys
        self.tokens: dict[str, Token] = {}
        self.asked: Counter[str] = Counter()
        self.requests: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.instead: tuple[int, bytes, dict[str, str]] | None = None
        self.granted: dict[str, Any] = {}
        self.missing: set[str] = set()

    def client(self, **options: Any) -> httpx2.AsyncClient:
        """A client for which every host is this server."""
        return httpx2.AsyncClient(transport=ToOneSocket(self.base), **options)

    async def answer(self, request: Request) -> Response:
        where = f"{request.headers['host']}{request.url.path}"
        self.asked[where] += 1
        body = await request.body()
        form = dict(parse_qsl(body.decode())) if b"=" in body else {}
        self.requests.append((where, dict(request.headers), form))
        if self.instead is not None:
            status, content, headers = self.instead
            return Response(content, status, headers, "application/json")
        for host, path, respond in PAGES:
            if request.url.path in self.missing:
                break
            if host in (request.headers["host"], "*") and fnmatch(request.url.path, f"*{path}"):
                return respond(self, request, form, body)
        return JSONResponse({"error": "there is no such page", "page": where}, 404)

    def bearer(self, request: Request) -> Token | None:
        """What is known of the token that a request has."""
        return self.known(request.headers.get("authorization", "").removeprefix("Bearer "))

    def known(self, token: str) -> Token | None:
        """What is known of a token that is valid."""
        found = self.tokens.get(token)
        return found if found is not None and found.left > 0 else None


class ToOneSocket(httpx2.AsyncHTTPTransport):
    """Sends every request to one server, with the host that it was for."""

    def __init__(self, base: str) -> None:
        super().__init__(verify=False)  # there is nothing to verify, and trust takes long to load
        self._to = httpx2.URL(base)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        where = {"scheme": "http", "host": self._to.host, "port": self._to.port}
        sent = httpx2.Request(
            request.method,
            request.url.copy_with(**where),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return await super().handle_async_request(sent)


@contextmanager
def running() -> Generator[tuple[str, list[IdentityProvider]]]:
    """Serve what is the last of a list; its base URL, and the list."""
    present: list[IdentityProvider] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await present[-1].answer(Request(scope, receive))
        await response(scope, receive, send)

    with served(app, lifespan="off") as base:
        yield base, present


Form = dict[str, str]


def _refused(status: int = 401) -> Response:
    return JSONResponse({"error": "invalid_token"}, status)


def _github_user(self: IdentityProvider, request: Request, form: Form, body: bytes) -> Response:
    token = self.bearer(request)
    if token is None:
        return _refused()
    user = {"id": 7, "login": "ann", "name": "Ann", "email": None, "avatar_url": "https://a/7"}
    return JSONResponse(user, headers={"X-OAuth-Scopes": token.scopes.replace(" ", ", ")})


def _github_check(self: IdentityProvider, request: Request, form: Form, body: bytes) -> Response:
    app = request.url.path.split("/")[-2]
    if request.headers.get("authorization") != basic(app, SECRET):
        return _refused()
    token = self.known(json.loads(body)["access_token"])
    if token is None or token.app != app:
        return _refused(404)
    return JSONResponse({"app": {"client_id": app}, "scopes": token.scopes.split()})


def _google_info(self: IdentityProvider, request: Request, form: Form, body: bytes) -> Response:
    token = self.bearer(request)
    if token is None:
        return _refused(400)
    return JSONResponse(
        {
            "azp": token.app,
            "aud": token.app,
            "sub": "7",
            "scope": token.scopes,
            "exp": str(token.ends),
            "expires_in": str(token.left),
            "email": "ann@example.com",
            "email_verified": "true",
        }
    )


def _google_user(self: IdentityProvider, request: Request, form: Form, body: bytes) -> Response:
    if self.bearer(request) is None:
        return _refused()
    return JSONResponse({"id": "7", "locale": "de", **ANN})


def _discord_me(self: IdentityProvider, request: Request, form: Form, body: bytes) -> Response:
    token = self.bearer(request)
    if token is None:
        return _refused()
    ends = time.strftime("%Y-%m-%dT%H:%M:%S.000000+00:00", time.gmtime(token.ends))
    return JSONResponse(
        {
            "application": {"id": token.app, "name": "App"},
            "scopes": token.scopes.split(),
            "expires": ends,
            "user": {"id": "7", "username": "ann", "discriminator": "0", "avatar": None},
        }
    )


def _user_info(self: IdentityProvider, request: Request, form: Form, body: bytes) -> Response:
    if self.bearer(request) is None:
        return _refused()
    return JSONResponse({"sub": "7", "email_verified": True, **ANN})


def _workos_user(self: IdentityProvider, request: Request, form: Form, body: bytes) -> Response:
    token = self.bearer(request)
    if token is None:
        return _refused()
    return JSONResponse({"sub": "7", "email_verified": True, "scope": token.scopes, **ANN})


def _whoami(self: IdentityProvider, request: Request, form: Form, body: bytes) -> Response:
    token = self.bearer(request)
    if token is None:
        return _refused()
    listed = [{"name": scope} for scope in token.scopes.split()]
    return JSONResponse({"name": "ann", "auth": {"accessToken": {"scopes": listed}}})


def _introspect(self: IdentityProvider, request: Request, form: Form, body: bytes) -> Response:
    if request.headers.get("authorization") != basic(APP, SECRET):
        return JSONResponse({"error": "invalid_client"}, 401)
    token = self.known(form["token"])
    if token is None:
        return JSONResponse({"active": False})
    return JSONResponse(
        {
            "active": True,
            "sub": "7",
            "client_id": token.app,
            "scope": token.scopes,
            "exp": token.ends,
        }
    )


def _token(self: IdentityProvider, request: Request, form: Form, body: bytes) -> Response:
    """A token endpoint: what a test has said is granted."""
    if form.get("code") != "good-code" and form.get("grant_type") == "authorization_code":
        return JSONResponse({"error": "invalid_grant"}, 400)
    return JSONResponse({"token_type": "Bearer", "expires_in": 3600, **self.granted})


def _keys(self: IdentityProvider, request: Request, form: Form, body: bytes) -> Response:
    from joserfc.jwk import RSAKey

    key = RSAKey.import_key(self.keys.public_key).as_dict(private=False)
    return JSONResponse({"keys": [{**key, "kid": "one", "use": "sig", "alg": "RS256"}]})


def _configuration(self: IdentityProvider, request: Request, form: Form, body: bytes) -> Response:
    path = request.url.path.partition("/.well-known/")[0]
    return JSONResponse(configuration(f"{self.base}{path}"))


def configuration(issuer: str) -> dict[str, Any]:
    """The OpenID configuration of an issuer."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "mail.read"],
    }


def _metadata(self: IdentityProvider, request: Request, form: Form, body: bytes) -> Response:
    return JSONResponse({"issuer": self.base, "told_at": request.url.path})


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


PAGES: list[tuple[str, str, Any]] = [
    ("api.github.com", "/user", _github_user),
    ("api.github.com", "/applications/*/token", _github_check),
    ("oauth2.googleapis.com", "/tokeninfo", _google_info),
    ("www.googleapis.com", "/oauth2/v2/userinfo", _google_user),
    ("discord.com", "/api/oauth2/@me", _discord_me),
    ("huggingface.co", "/oauth/userinfo", _user_info),
    ("huggingface.co", "/api/whoami-v2", _whoami),
    ("clerk.example.com", "/oauth/token_info", _introspect),
    ("clerk.example.com", "/oauth/userinfo", _user_info),
    ("*", "/oauth2/userinfo", _workos_user),
    ("*", "/oauth/2.1/introspect", _introspect),
    ("*", "/oauth/access_token", _token),
    ("*", "/token", _token),
    ("*", "/keys", _keys),
    ("*", "/jwks", _keys),
    ("*", "/certs", _keys),
    ("*", "/jwks.json", _keys),
    ("*", "/openid-configuration", _configuration),
    ("*", "/.well-known/oauth-authorization-server*", _metadata),
]
