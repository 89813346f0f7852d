"""What an application answers where none of its routes does."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from ...request.app_state import HOST_APP
from .routes import EndpointRoute, path_within


class Unrouted:
    """The endpoint at the root of a mount, and else a 404 that tells clients where it is.

    Mounting an application at `/mcp` that has its endpoint at `/mcp` is the commonest slip.
    """

    def __init__(self, endpoint: EndpointRoute, not_found: ASGIApp) -> None:
        self._endpoint = endpoint
        self._not_found = not_found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root: str = scope.get("root_path", "")
        if scope["type"] != "http":
            await self._not_found(scope, receive, send)
        elif root and HOST_APP in scope and path_within(scope) in ("", "/"):
            await self._endpoint.handle(scope, receive, send)
        elif scope["method"] == "POST" and _is_of_mcp(scope):
            raise HTTPException(404, f"Not Found: MCP is served at {root + self._endpoint.path}")
        else:
            await self._not_found(scope, receive, send)


def _is_of_mcp(scope: Scope) -> bool:
    """Whether it is a client of ours that has the path wrong, and not of what is served beside."""
    headers = Headers(scope=scope)
    return "mcp-protocol-version" in headers or "text/event-stream" in headers.get("accept", "")
