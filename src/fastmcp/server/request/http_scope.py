"""An HTTP request that is no request of MCP: one to a route beside the endpoint."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from fastmcp._components.current import Scope, current_scope

if TYPE_CHECKING:
    from starlette.requests import Request


class HttpScope(Scope):
    """What is being served while no request of MCP is."""

    __slots__ = ("request",)

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request: Final = request


@contextmanager
def set_http_request(request: Request) -> Generator[Request]:
    """Have `get_http_request` and `get_http_headers` give this request, and what is called of a
    server in here be on its behalf.
    """
    token = current_scope.set(HttpScope(request))
    try:
        yield request
    finally:
        current_scope.reset(token)


def http_scope() -> Mapping[str, Any] | None:
    """The ASGI scope of the HTTP request being served; None inside of a request of MCP."""
    scope = current_scope.get(None)
    return scope.request.scope if isinstance(scope, HttpScope) else None
