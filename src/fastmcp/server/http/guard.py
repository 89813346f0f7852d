"""Refuses requests whose Host or Origin may not reach this application, on every route of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._protocol.guard import Guard
from fastmcp._protocol.headers import read_headers
from fastmcp._protocol.http import refuse
from fastmcp.exceptions import InvalidRequest

from .reply import Reply

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class HostOriginGuardMiddleware:
    """ASGI middleware: 421 for a Host, 403 for an Origin, that `guard` does not allow."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self.app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            server = scope.get("server")
            headers = read_headers(scope["headers"])
            found = self._guard.refusal(
                server[0] if server else None, headers.get(b"host"), headers.get(b"origin")
            )
            if found is not None:
                status, reason = found
                await Reply(send).reject(refuse(InvalidRequest(reason), status=status))
                return
        await self.app(scope, receive, send)
