"""The routes of an application, which serve as part of it wherever they are put."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final, Protocol

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fastmcp.exceptions import ConfigurationError

from ...request.app_state import HOST_APP

if TYPE_CHECKING:
    from ..servable import HttpServable


def path_within(scope: Scope) -> str:
    """The path of a request below the root that its application is mounted at."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    below = path.removeprefix(root)
    return below if root and below[:1] in ("", "/") else path


def checked_path(path: str, what: str) -> str:
    """A path that begins with a slash and, unless it is one, does not end with it.

    Raises:
        ConfigurationError: it begins otherwise.
    """
    if not path.startswith("/"):
        raise ConfigurationError(f"{what}={path!r} has to begin with a slash: {'/' + path!r}")
    return "/" + path.strip("/")


class Owner(Protocol):
    """The application that routes belong to."""

    def around(self, app: ASGIApp) -> ASGIApp:
        """`app` with the middleware of the application around it."""
        ...

    def give_state(self, scope: Scope) -> None:
        """Enter what requests find in `request.state`."""
        ...


class Owned:
    """What answers at a route of an application. Where the route was put into another one, the
    middleware of its own stands around it all the same, so that nothing opens by moving it.
    """

    def __init__(self, app: ASGIApp, owner: Owner) -> None:
        self._app = app
        self._owner = owner
        self._outside: ASGIApp | None = None

    @property
    def outside(self) -> ASGIApp:
        """With all the middleware of the application around it."""
        if self._outside is None:
            self._outside = self._owner.around(self._app)
        return self._outside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("app") is self._owner:
            await self._app(scope, receive, send)
        else:
            if "app" in scope:
                scope[HOST_APP] = scope["app"]
            scope["app"] = self._owner
            self._owner.give_state(scope)
            await self.outside(scope, receive, send)


def owned(route: BaseRoute, owner: Owner) -> BaseRoute:
    """The same route, as one of an application."""
    app: ASGIApp | None = getattr(route, "app", None)
    if app is None or isinstance(app, Owned):
        return route
    route = copy.copy(route)
    route.app = Owned(app, owner)  # type: ignore[attr-defined]
    return route


class EndpointRoute(Route):
    """Serves one path with and without its trailing slash, redirecting neither."""

    def __init__(self, path: str, endpoint: ASGIApp, owner: Owner) -> None:
        self.owned: Final = Owned(endpoint, owner)
        super().__init__(path, self.owned, name="mcp", include_in_schema=False)
        self._bare = path.rstrip("/")

    def serves(self, scope: Scope) -> bool:
        """Whether this is a request for the endpoint."""
        if scope["type"] != "http":
            return False
        path = path_within(scope) if scope.get("root_path") else scope["path"]
        return path == self.path or path.rstrip("/") == self._bare

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if self.serves(scope):
            return Match.FULL, {"endpoint": self.endpoint}
        if self.param_convertors and scope["type"] == "http":
            return super().matches({**scope, "path": scope["path"].rstrip("/")})
        return Match.NONE, {}


class LiveRoutes(BaseRoute):
    """Serves the routes that a server has at each request, so that later ones are served, too."""

    def __init__(self, server: HttpServable, owner: Owner) -> None:
        self.path = ""
        self.name = "fastmcp-routes"
        self.app: Owned = Owned(self._serve, owner)
        self._server = server

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        best: tuple[Match, Scope] = (Match.NONE, {})
        for route in self._server._parts.all_routes:
            match, inner = route.matches(scope)
            if match.value > best[0].value:
                best = match, {**inner, "route": route}
            if match is Match.FULL:
                break
        return best

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        for route in self._server._parts.all_routes:
            try:
                return route.url_path_for(name, **path_params)
            except NoMatchFound:
                pass
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        route: BaseRoute = scope["route"]
        await route.handle(scope, receive, send)
