"""The routes of the REST view."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.routing import Route

from ..settings import HttpSettings
from .calls import Calls
from .endpoint import RestEndpoint
from .listings import LISTINGS, showing
from .openapi import describing
from .prompts import rendering_by_body, rendering_by_query
from .resources import reading
from .tools import calling

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from ..servable import HttpServable


def rest_routes(
    server: HttpServable,
    settings: HttpSettings,
    started: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> list[BaseRoute]:
    """Tools, resources and prompts of a server over plain HTTP, and the document that says how.

    Every request goes through the server's dispatcher, with all that stands around it there;
    `started` makes sure of an endpoint that the server's lifespan runs.
    """
    calls = Calls(server._parts.dispatcher, settings)
    routes = [
        Route(listing.path + slash, RestEndpoint(get=showing(calls, listing)), name=listing.method)
        for listing in LISTINGS
        for slash in ("", "/")
    ]
    ones = {
        "tools": RestEndpoint(post=calling(calls)),
        "resources": RestEndpoint(get=reading(calls, server._parts.catalogue)),
        "prompts": RestEndpoint(get=rendering_by_query(calls), post=rendering_by_body(calls)),
    }
    routes += [Route(f"/{name}/{{name:path}}", one, name=name) for name, one in ones.items()]
    document = RestEndpoint(get=describing(calls, server))
    routes.append(Route("/openapi.json", document, name="openapi"))
    for route in routes:
        route.app = started(route.app)
    return [*routes]
