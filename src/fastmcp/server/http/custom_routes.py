"""HTTP routes beside the MCP endpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from starlette.routing import BaseRoute, Route

F = TypeVar("F", bound=Callable[..., Any])


def custom_route(
    routes: list[BaseRoute], path: str, methods: Sequence[str], name: str | None, in_schema: bool
) -> Callable[[F], F]:
    """A decorator that adds a handler `(request) -> response` to `routes`."""

    def register(fn: F) -> F:
        routes.append(
            Route(path, fn, methods=list(methods), name=name, include_in_schema=in_schema)
        )
        return fn

    return register
