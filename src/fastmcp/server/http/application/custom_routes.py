"""HTTP routes beside the MCP endpoint."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from types import FunctionType, MethodType
from typing import Any, TypeVar, cast

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from fastmcp._components.writing import to_json
from fastmcp._runtime.threads import run_in_thread
from fastmcp.exceptions import AuthorizationError, ConfigurationError

from ...request.http_scope import set_http_request
from .refused import refusal_of

F = TypeVar("F", bound=Callable[..., Any])

STATUSES = frozenset(HTTPStatus)


def custom_route(
    routes: list[BaseRoute], path: str, methods: Sequence[str], name: str | None, in_schema: bool
) -> Callable[[F], F]:
    """A decorator that adds a handler to `routes`."""
    if not path.startswith("/"):
        raise ConfigurationError(
            f"custom_route({path!r}) has to begin with a slash: {'/' + path!r}"
        )
    methods = [methods] if isinstance(methods, str) else list(methods)

    def register(fn: F) -> F:
        endpoint = adapted(fn) if _is_plain(fn) else fn
        routes.append(
            Route(path, endpoint, methods=methods, name=name, include_in_schema=in_schema)
        )
        return fn

    return register


def _is_plain(handler: object) -> bool:
    """Whether it is a function or method; endpoints of other kinds are Starlette's affair."""
    return isinstance(handler, (FunctionType, MethodType, functools.partial))


def adapted(handler: Callable[..., Any]) -> Callable[[Request], Awaitable[Response]]:
    """A handler as Starlette wants it: given the request if it takes one, whatever it returns
    made a response, and in a worker thread unless it is async. What it refuses to the caller is
    answered with 401 or 403.
    """
    takes_request = _takes_request(handler)
    is_async = inspect.iscoroutinefunction(handler)

    @functools.wraps(handler)
    async def endpoint(request: Request) -> Response:
        call = functools.partial(handler, request) if takes_request else handler
        with set_http_request(request):
            try:
                result = await (call() if is_async else run_in_thread(call))
                if inspect.isawaitable(result):
                    result = await result
            except AuthorizationError as error:
                return refusal_of(error, request.scope)
        return response_of(result)

    return endpoint


def _takes_request(handler: Callable[..., Any]) -> bool:
    """Whether it has a first positional parameter that needs an argument, or is the request."""
    for parameter in inspect.signature(handler).parameters.values():
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD):
            return False
        if parameter.kind is parameter.VAR_POSITIONAL or parameter.default is parameter.empty:
            return True
        return parameter.name == "request"
    return False


def response_of(value: Any) -> Response:
    """What a handler returned, as a response: text as text, nothing as 204, `(value, status)` and
    `(value, status, headers)` with these, and other data as JSON.
    """
    if isinstance(value, Response):
        return value
    if isinstance(value, tuple) and (parts := _status_of(cast("tuple[Any, ...]", value))):
        body, status, headers = parts
        response = response_of(body)
        response.status_code = status
        response.headers.update(headers)
        return response
    if value is None:
        return Response(status_code=204)
    if isinstance(value, str):
        return PlainTextResponse(value)
    if isinstance(value, bytes):
        return Response(value, media_type="application/octet-stream")
    return Response(to_json(value), media_type="application/json")


def _status_of(value: tuple[Any, ...]) -> tuple[Any, int, Mapping[str, str]] | None:
    """The parts of a tuple that has a status; any other tuple is data."""
    if len(value) not in (2, 3) or type(value[1]) not in (int, HTTPStatus):
        return None
    headers: Any = value[2] if len(value) == 3 else {}
    if value[1] not in STATUSES or not isinstance(headers, Mapping):
        return None
    return value[0], int(value[1]), cast("Mapping[str, str]", headers)
