"""Who may use an inspector: this machine's browser, once it has shown the token that was printed.

Whatever else runs in that browser can send requests to a loopback port, too. So each has to name a
loopback address in Host (which a name that was rebound does not), a page's Origin has to be that
very address, and everything but the page itself takes a key that no other page knows.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.ASCII | re.IGNORECASE)


class Tokens:
    """A token that is good for one use, and the key that it is exchanged for.

    `on_spent` is called with a new token when the one before is shown a second time.
    """

    def __init__(self, on_spent: Callable[[str], None]) -> None:
        self.key: str = secrets.token_urlsafe(32)
        self.token: str = secrets.token_urlsafe(24)
        self._spent: str | None = None
        self._on_spent = on_spent

    def exchange(self, token: str) -> str | None:
        """The key, for a token that was not used before."""
        if _same(token, self.token):
            self._spent, self.token = self.token, secrets.token_urlsafe(24)
            return self.key
        if self._spent is not None and _same(token, self._spent):
            self._spent = None  # so nobody has more than one printed for one that they know
            self._on_spent(self.token)
        return None

    def admits(self, authorization: str) -> bool:
        """Whether a request shows the key."""
        scheme, _, key = authorization.partition(" ")
        return scheme.lower() == "bearer" and _same(key, self.key)


class Doorkeeper:
    """ASGI middleware: 421 for a Host, 403 for an Origin, that is not ours, 401 without the key for
    what is below `/api/`, but for `/api/enter`, where it is had.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refusal := self._refusal(scope)) is not None:
            await refusal(scope, receive, send)
        elif scope["type"] in ("http", "lifespan"):
            await self._app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if not LOOPBACK.fullmatch(host):
            return PlainTextResponse("This is reached by a loopback address only", 421)
        if origin is not None and origin != f"http://{host}":
            return PlainTextResponse("This answers no other page", 403)
        path = scope["path"]
        if not path.startswith("/api/"):
            return None
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return PlainTextResponse("This answers no other page", 403)
        if path != "/api/enter" and not self._tokens.admits(headers.get("authorization", "")):
            return PlainTextResponse("Open the link that was printed in the terminal", 401)
        return None


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
