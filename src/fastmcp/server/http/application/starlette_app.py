"""The Starlette application that serves an MCP endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from ...logged import hosted
from ...request.app_state import HOST_APP
from .manager import SessionManager
from .routes import EndpointRoute


class StarletteWithLifespan(Starlette):
    """A Starlette application whose lifespan a parent application can take over.

    While it has no middleware of the user's, requests for the endpoint go to it straight: it
    answers every error itself, and the stack around the router would cost a fifth of a call.
    """

    endpoint_routes: Sequence[EndpointRoute] = ()
    own_middleware = 0
    manager: SessionManager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            self.give_state(scope)
        if "app" in scope:
            scope[HOST_APP] = scope["app"]
        if len(self.user_middleware) == self.own_middleware:
            for route in self.endpoint_routes:
                if route.serves(scope):
                    scope["app"] = self
                    await route.owned.outside(scope, receive, send)
                    return
        if scope["type"] == "lifespan":
            with hosted():
                await super().__call__(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    def give_state(self, scope: Scope) -> None:
        """Have `request.state` carry what the lifespan of the server yielded, as it carries what
        that of an application yields; what is there already stays.
        """
        manager: SessionManager | None = getattr(self, "manager", None)
        if manager is not None and (opened := manager.opened):
            state = scope.setdefault("state", {})
            for name, value in opened.items():
                state.setdefault(name, value)

    @property
    def lifespan(self) -> Any:
        """The lifespan context, callable with the parent application."""
        return self.router.lifespan_context

    def around(self, app: ASGIApp) -> ASGIApp:
        """`app` with the middleware of this application around it, and nothing else of it."""
        for cls, args, kwargs in reversed(self.user_middleware):
            app = cls(app, *args, **kwargs)
        return app
