"""What belongs to the request being served: as functions, and as defaults of parameters."""
# ruff: noqa: N802 - the defaults are functions with the names of what they stand for

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, cast

from fastmcp._components.current import current_scope
from fastmcp._components.injection.dependencies import Reading

from .auth.access_token import AccessToken as AccessToken
from .context import Context
from .progress import Progress as Progress
from .progress import ProgressLike as ProgressLike
from .tasks.dependencies import CurrentDocket as CurrentDocket
from .tasks.dependencies import CurrentWorker as CurrentWorker

if TYPE_CHECKING:
    from starlette.requests import Request

    from .server import FastMCP
    from .sessions import Session

__all__ = [
    "AccessToken",
    "CurrentAccessToken",
    "CurrentContext",
    "CurrentDocket",
    "CurrentFastMCP",
    "CurrentHeaders",
    "CurrentRequest",
    "CurrentWorker",
    "OptionalCurrentContext",
    "Progress",
    "ProgressLike",
    "TokenClaim",
    "get_access_token",
    "get_context",
    "get_http_headers",
    "get_http_request",
    "get_server",
    "get_session",
]

_CREDENTIALS = frozenset({"authorization", "cookie"})
# What tells of one connection or message, and is wrong in another.
_OF_THE_MESSAGE = frozenset(
    {
        "accept",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "last-event-id",
        "mcp-method",
        "mcp-name",
        "mcp-protocol-version",
        "mcp-session-id",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_MIRRORED = "mcp-param-"


def get_context() -> Context:
    """The context of the request being served.

    Raises:
        RuntimeError: none is.
    """
    return Context.current()


def get_server() -> FastMCP:
    """The server that serves the current request.

    Raises:
        RuntimeError: no request is being served.
    """
    return Context.current().fastmcp


def get_http_request() -> Request:
    """The HTTP request that the current request came in.

    Raises:
        RuntimeError: it came another way, or none is being served.
    """
    request = _request_here()
    if request is None:
        Context.current()  # raises where nothing is served at all
        raise RuntimeError("The request being served did not come over HTTP")
    return request


def _request_here() -> Request | None:
    return getattr(current_scope.get(None), "request", None)


def get_http_headers(include_all: bool = False, include: set[str] | None = None) -> dict[str, str]:
    """The headers of the current HTTP request by lower-case name; empty without one.

    Left out are credentials and what belongs to this message alone, so that the rest can be sent
    on to another service; `include` names those to keep.
    """
    request = _request_here()
    if request is None:
        return {}
    if include_all:
        return dict(request.headers)
    kept = {name.lower() for name in include or ()}
    left_out = (_CREDENTIALS | _OF_THE_MESSAGE) - kept
    return {
        name: value
        for name, value in request.headers.items()
        if name not in left_out and (name in kept or not name.startswith(_MIRRORED))
    }


def get_access_token() -> Any:
    """The token that the caller was authenticated by, also beside MCP; None without one."""
    context = Context.current_or_none()
    if context is not None:
        return context.access_token
    request = _request_here()
    return None if request is None else getattr(request.scope.get("user"), "access_token", None)


def get_session(session_id: str) -> Coroutine[Any, Any, Session]:
    """The session of an id that `create_session` gave to this caller: await it, or call it in a
    plain function.

    Raises:
        InvalidSession: there is none.
    """
    from .sessions import find_session

    return find_session(session_id)


def CurrentContext() -> Context:
    """A default that stands for the context of the call."""
    return cast("Context", Reading(get_context))


def OptionalCurrentContext() -> Context | None:
    """A default that stands for the context of the call; None where no request is served."""
    return cast("Context | None", Reading(Context.current_or_none))


def CurrentFastMCP() -> FastMCP:
    """A default that stands for the server that is called."""
    return cast("FastMCP", Reading(get_server, lasting=True))


def CurrentRequest() -> Request:
    """A default that stands for the HTTP request; over another transport the call fails."""
    return cast("Request", Reading(get_http_request))


def CurrentHeaders() -> dict[str, str]:
    """A default that stands for the headers of the HTTP request, credentials included."""
    return cast("dict[str, str]", Reading(lambda: get_http_headers(include=set(_CREDENTIALS))))


def CurrentAccessToken() -> Any:
    """A default that stands for the caller's access token; without one the call fails."""
    return Reading(_access_token)


def TokenClaim(name: str) -> str:
    """A default that stands for a claim of the caller's access token, as text."""

    def claim() -> str:
        claims: dict[str, Any] = getattr(_access_token(), "claims", None) or {}
        value = claims.get(name)
        if value is None:
            raise RuntimeError(
                f"The access token has no claim {name!r}; it has {', '.join(claims) or 'none'}"
            )
        return str(value)

    return cast("str", Reading(claim))


def _access_token() -> Any:
    token = get_access_token()
    if token is None:
        raise RuntimeError("The caller has no access token; the server needs auth= to ask for one")
    return token
