"""What is around every endpoint of the authorization server: rates, a bounded body, and an answer
in OAuth's terms whatever happens.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from fastmcp._protocol.http import Reject
from fastmcp.exceptions import AuthorityUnavailable, OAuthError, StoreUnavailable

from ...http.body import CLOSE, lingering, read_body
from .rates import EndpointRate, Meter
from .replies import error_reply, json_reply, oauth_error

logger: Final = logging.getLogger("fastmcp.server.auth")

Handle: TypeAlias = Callable[[Request], Awaitable[Response]]
MAX_BODY = 64 * 1024


class _Endpoint(Struct, frozen=True):
    handle: Handle
    meter: Meter | None
    max_body: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wait = 0 if self.meter is None else self.meter.take(address_of(scope))
        if wait:
            await _too_many(wait)(scope, receive, send)
            return
        declared = Request(scope).headers.get("content-length")
        body = await read_body(receive, declared, self.max_body)
        if isinstance(body, Reject):
            await _refuse_body(body, self.max_body, scope, receive, send)
        elif body is not None:
            response = await answered(self.handle, Request(scope, _replayed(body)))
            await response(scope, receive, send)


def endpoint(
    handle: Handle, rate: EndpointRate | None = None, max_body: int = MAX_BODY
) -> _Endpoint:
    """An ASGI application of a handler."""
    return _Endpoint(handle, None if rate is None else Meter(rate), max_body)


async def answered(handle: Handle, request: Request) -> Response:
    """A handler's response, or the one that its exception stands for."""
    try:
        return await handle(request)
    except (AuthorityUnavailable, StoreUnavailable) as unavailable:
        logger.error("%s cannot be answered now: %s", request.url.path, unavailable)
        return error_reply(OAuthError("temporarily_unavailable", "Try again later"))
    except Exception as error:
        if (known := oauth_error(error)) is not None:
            return error_reply(known)
        logger.exception("%s failed", request.url.path)
        return error_reply(OAuthError("server_error", "The server failed"))


def address_of(scope: Scope) -> str:
    """Where a request comes from, as the HTTP server says."""
    client = scope.get("client")
    return client[0] if client else ""


def _too_many(wait: int) -> Response:
    body = {"error": "temporarily_unavailable", "error_description": "Too many requests"}
    return json_reply(body, 429, {"retry-after": str(wait)})


async def _refuse_body(
    refusal: Reject, limit: int, scope: Scope, receive: Receive, send: Send
) -> None:
    closes = CLOSE in refusal.headers
    text = f"The body is larger than {limit} bytes, or does not come"
    body = {"error": "invalid_request", "error_description": text}
    reply = json_reply(body, refusal.status, {"connection": "close"} if closes else None)
    await reply(scope, receive, lingering(send, receive) if closes else send)


def _replayed(body: bytes) -> Receive:
    """The body once more, for whoever reads it from the request."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
