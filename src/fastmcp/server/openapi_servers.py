"""Servers of HTTP APIs: `FastMCP.from_openapi` and `FastMCP.from_fastapi`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .providers.openapi import ComponentFn, RouteMap, RouteMapFn

S = TypeVar("S")


def from_openapi(
    make: Callable[..., S],
    openapi_spec: Mapping[str, Any],
    client: Any = None,
    name: str = "OpenAPI Server",
    route_maps: list[RouteMap] | None = None,
    route_map_fn: RouteMapFn | None = None,
    mcp_component_fn: ComponentFn | None = None,
    mcp_names: dict[str, str] | None = None,
    tags: set[str] | None = None,
    validate_output: bool = True,
    **settings: Any,
) -> S:
    """A server of the API that an OpenAPI document describes: what `make` gives for it.

    `client` is an `AsyncClient` of httpx2 or httpx, whose base URL, headers and authentication are
    those of every request; without it, one is made for the first server of the document. The
    others are those of `OpenAPIProvider`, and `settings` those of a server.
    """
    from .providers.openapi import OpenAPIProvider

    if "timeout" in settings:
        raise TypeError(
            "timeout= is for the HTTP client: client=httpx2.AsyncClient(base_url=..., timeout=...)"
        )
    provider = OpenAPIProvider(
        openapi_spec,
        client,
        route_maps=route_maps,
        route_map_fn=route_map_fn,
        mcp_component_fn=mcp_component_fn,
        mcp_names=mcp_names,
        tags=tags,
        validate_output=validate_output,
    )
    return make(name, providers=[provider], **settings)


def from_fastapi(
    make: Callable[..., S],
    app: Any,
    name: str | None = None,
    httpx_client_kwargs: dict[str, Any] | None = None,
    **options: Any,
) -> S:
    """A server of a FastAPI application, which is called in this process.

    `httpx_client_kwargs` are those of the client: `headers`, say, or `timeout`; `options` those of
    `from_openapi`. The application's lifespan is not run: it belongs to whoever serves it.
    """
    from .providers.openapi.fastapi import client_of, document_of

    client = client_of(app, httpx_client_kwargs)
    return from_openapi(make, document_of(app), client, name or app.title, **options)
