"""What a provider adds to an application, and puts around its endpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING

from msgspec import Struct

from fastmcp._oauth.locations import protected_resource_url

from .challenger import Challenger
from .provider import AuthProvider

if TYPE_CHECKING:
    from starlette.middleware import Middleware
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp


def _open(app: ASGIApp) -> ASGIApp:
    return app


class Protection(Struct, frozen=True):
    """Nothing, by default."""

    provider: AuthProvider | None = None
    middleware: Sequence[Middleware] = ()
    routes: Sequence[BaseRoute] = ()
    around: Callable[[ASGIApp], ASGIApp] = _open
    challenger: Challenger = Challenger()

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """What the provider keeps open while its application serves."""
        return nullcontext() if self.provider is None else self.provider.lifespan()


def protected_by(provider: AuthProvider | None, path: str) -> Protection:
    """The protection of the MCP endpoint at a path."""
    if provider is None:
        return Protection()
    from .middleware import RequireAuthMiddleware

    provider.set_mcp_path(path)
    routes = provider.get_routes(mcp_path=path)
    resource = provider._get_resource_url(path)
    metadata = None if resource is None or not routes else protected_resource_url(str(resource))

    def around(app: ASGIApp) -> ASGIApp:
        return RequireAuthMiddleware(
            app,
            provider.required_scopes,
            metadata,
            provider.get_challenge_scopes(provider.required_scopes),
        )

    challenger = Challenger(provider, metadata)
    return Protection(provider, provider.get_middleware(), routes, around, challenger)
