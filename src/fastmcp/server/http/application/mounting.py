"""An application's place in the one that it is mounted in."""

from __future__ import annotations

import logging
from typing import Any, Final

from starlette.applications import Starlette
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, Mount, NoMatchFound
from starlette.types import Receive, Scope, Send

from .routes import path_within
from .starlette_app import StarletteWithLifespan

logger: Final = logging.getLogger(__name__)


def settle_into(parent: Any, app: StarletteWithLifespan) -> None:
    """Have `parent` answer at the bare path of a mount of `app`, too, which its router would
    redirect to the path with a slash; warn of a mount that another one hides.
    """
    if isinstance(parent, Starlette) and parent is not app:
        _settle(parent.routes, "", app)


def _settle(routes: list[BaseRoute], prefix: str, app: StarletteWithLifespan) -> None:
    seen: dict[str, Mount] = {}
    for mount in [route for route in routes if isinstance(route, Mount)]:
        first = seen.setdefault(mount.path, mount)
        if first is not mount and app is _teller(first.app, mount.app):
            logger.warning(
                "Two applications are mounted at %r, and the second one is never reached; mount "
                "each under a path of its own",
                prefix + mount.path,
            )
        if mount.app is app:
            if not any(isinstance(r, BareMount) and r.mount is mount for r in routes):
                routes.append(BareMount(mount))
        elif not isinstance(mount.app, StarletteWithLifespan):
            _settle(mount.routes, prefix + mount.path, app)


def _teller(first: Any, second: Any) -> Any:
    """Which of two applications at one path tells of it, so that it is told once."""
    return first if isinstance(first, StarletteWithLifespan) else second


class BareMount(BaseRoute):
    """Serves the path of a mount as Starlette does not, without a slash at its end."""

    def __init__(self, mount: Mount) -> None:
        self.path: str = mount.path
        self.name: None = None
        self.mount = mount

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or not self.path:
            return Match.NONE, {}
        slashed = {**scope, "path": scope["path"] + "/"}
        return self.mount.matches(slashed) if path_within(scope)[-1:] != "/" else (Match.NONE, {})

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.mount.handle(scope, receive, send)
