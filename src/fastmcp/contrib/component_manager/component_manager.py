"""HTTP routes that show and hide the components of a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response

from fastmcp.exceptions import AuthorizationError
from fastmcp.server.auth.checks import ScopeShortfall

if TYPE_CHECKING:
    from starlette.requests import Request

    from fastmcp._components.component import Component
    from fastmcp.server.server import FastMCP

ACTIONS: Final = ("enable", "disable")
NOUNS: Final = {"tools": "tool", "resources": "resource", "prompts": "prompt"}


def set_up_component_manager(
    server: FastMCP, path: str = "/", required_scopes: Sequence[str] | None = None
) -> None:
    """Add the routes `POST {path}/tools/{name}/enable` and `…/disable` to a server, and the same
    of `resources/{uri}`, where a URI template can stand, too, and of `prompts/{name}`. With
    `?version=` one version is meant.

    Who may call the MCP endpoint of the application may use them, with `required_scopes` besides.
    Where nothing protects the endpoint, the routes are open, too; with `required_scopes`, even an
    empty list, they are closed there. A mounted server's routes are part of the application that
    it is mounted in, and change the mounted server alone.
    """
    root = path.rstrip("/")
    for place in NOUNS:
        for action in ACTIONS:
            handler = _Switch(server, place, action, required_scopes).answer
            server.custom_route(f"{root}/{place}/{{address:path}}/{action}", ["POST"])(handler)


class _Switch:
    """Shows, or hides, what is asked for."""

    def __init__(
        self, server: FastMCP, place: str, action: str, scopes: Sequence[str] | None
    ) -> None:
        self._server = server
        self._place = place
        self._action = action
        self._scopes = scopes

    async def answer(self, request: Request) -> Response:
        self._check(request)
        address: str = request.path_params["address"]
        version = request.query_params.get("version")
        noun = NOUNS[self._place]
        found = [each for each in await self._all() if _is_meant(each, address, version)]
        if not found:
            wanted = f"{address!r}" + ("" if version is None else f" in version {version!r}")
            return JSONResponse({"error": f"There is no {noun} {wanted}"}, 404)
        switch: Callable[..., Any] = getattr(self._server, self._action)
        if any(each.enabled is not (self._action == "enable") for each in found):
            switch(names={address}, version=version, components={each.KIND for each in found})
        return JSONResponse({"message": f"{self._action.capitalize()}d {noun}: {address}"})

    async def _all(self) -> list[Component]:
        """What there is, hidden or not."""
        lists: dict[str, list[Callable[[], Awaitable[Sequence[Component]]]]] = {
            "tools": [self._server._parts.sources.list_tools],
            "resources": [
                self._server._parts.sources.list_resources,
                self._server._parts.sources.list_resource_templates,
            ],
            "prompts": [self._server._parts.sources.list_prompts],
        }
        return [each for ask in lists[self._place] for each in await ask()]

    def _check(self, request: Request) -> None:
        """Refuse a caller who may not call the MCP endpoint, or lacks a scope.

        Raises:
            AuthorizationError: it is nobody, or scopes are missing.
        """
        # Routes that were put into another application are as the server itself is.
        provider = getattr(request.app.state, "fastmcp_auth", self._server.auth)
        if provider is None and self._scopes is None:
            return
        token = getattr(request.scope.get("user"), "access_token", None)
        if token is None:
            raise AuthorizationError("This is for authenticated callers")
        always: Sequence[str] = () if provider is None else provider.required_scopes
        needed = {*always, *(self._scopes or ())}
        if missing := sorted(needed.difference(token.scopes)):
            raise ScopeShortfall(missing, needed)


def _is_meant(component: Component, address: str, version: str | None) -> bool:
    return address in component.spellings and version in (None, component.version)
