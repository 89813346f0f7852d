"""Refuses requests whose Host or Origin may not reach this application, on every route of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from fastmcp._protocol.guard import Guard
from fastmcp._protocol.headers import header_text
from fastmcp._protocol.http import refuse
from fastmcp.exceptions import InvalidRequest

from ..reply import Reply

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

# The code that a WebSocket is closed with, and the server answers 403 for (RFC 6455, 7.4.1).
POLICY_VIOLATION = 1008


class HostOriginGuardMiddleware:
    """ASGI middleware: 421 for a Host, 403 for an Origin, that is not allowed. A WebSocket is
    refused before it is accepted.

    In `mode` "auto" both are checked on a loopback address, elsewhere those for which something is
    listed; in "strict" both everywhere. A `guard` decides in place of all that.
    """

    def __init__(
        self,
        app: ASGIApp,
        allowed_hosts: Sequence[str] | None = None,
        allowed_origins: Sequence[str] | None = None,
        mode: Literal["auto", "strict"] = "auto",
        guard: Guard | None = None,
    ) -> None:
        self.app = app
        if guard is None:
            enabled = True if mode == "strict" else None
            guard = Guard(enabled, allowed_hosts or (), allowed_origins or ())

        # A client sends the same two headers each time.
        @lru_cache(maxsize=256)
        def refusal(
            bound: str | None, host: bytes | None, origin: bytes | None
        ) -> tuple[int, str] | None:
            return guard.refusal(bound, header_text(host), header_text(origin))

        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            server = scope.get("server")
            host = origin = None
            for name, value in scope["headers"]:
                # Two of them are a list of both (RFC 9110, section 5.3), which nobody allows.
                if name == b"host":
                    host = value if host is None else host + b", " + value
                elif name == b"origin":
                    origin = value if origin is None else origin + b", " + value
            found = self._refusal(server[0] if server else None, host, origin)
            if found is not None:
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close", "code": POLICY_VIOLATION})
                    return
                status, reason = found
                await Reply(send).reject(refuse(InvalidRequest(reason), status=status))
                return
        await self.app(scope, receive, send)
