"""Callers whom a server knows: the ASGI middleware that knows them, and clients that say who."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from starlette.middleware import Middleware

from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

USER = "x-user"


class KnowsCallers:
    """Puts a token into the scope of whoever names a user in the header `x-user`."""

    def __init__(self, app: Any, **claims: Any) -> None:
        self.app = app
        self.claims = claims

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        user = dict(scope.get("headers", ())).get(USER.encode())
        if user is not None:
            claims = {"iss": "https://issuer.example", "sub": user.decode(), **self.claims}
            token = SimpleNamespace(token="t", client_id="app", scopes=[], claims=claims)
            scope = {**scope, "user": SimpleNamespace(access_token=token)}
        await self.app(scope, receive, send)


def knows_callers(**claims: Any) -> list[Middleware]:
    """The middleware for `http_app(middleware=...)`; all tokens have these claims, too."""
    return [Middleware(KnowsCallers, **claims)]


def client_of(base: str, user: str | None = None, **options: Any) -> Client:
    """A client of the server at that base URL, on behalf of a user."""
    headers = {} if user is None else {USER: user}
    return Client(StreamableHttpTransport(f"{base}/mcp", headers=headers), timeout=20, **options)
