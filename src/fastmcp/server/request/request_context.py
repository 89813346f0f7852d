"""`ctx.request_context`: facts of the request, as attributes and by key."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import json

from fastmcp.wire.open import OpenModel
from fastmcp.wire.shapes import RequestParams

if TYPE_CHECKING:
    from starlette.requests import Request

    from fastmcp.server.context import Context
    from fastmcp.server.request.client_session import ClientSession

_FACTS = (
    "app",
    "lifespan_context",
    "meta",
    "protocol_version",
    "request",
    "request_id",
    "session",
    "session_id",
)
_read = json.Decoder(RequestParams).decode


class RequestMeta(OpenModel):
    """The `_meta` of a request: all of it by key, and by attribute what is an identifier."""

    progress_token: str | int | None

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"The _meta of the request has no {name!r}") from None


class RequestContext(Mapping[str, Any]):
    """Facts of the request being served; each is an attribute and a key."""

    __slots__ = ("_context",)

    def __init__(self, context: Context) -> None:
        self._context = context

    def __repr__(self) -> str:
        return f"RequestContext({', '.join(self)})"

    def __getitem__(self, key: str) -> Any:
        if key not in _FACTS:
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(_FACTS)

    def __len__(self) -> int:
        return len(_FACTS)

    @property
    def app(self) -> Any:
        """The ASGI application that serves the request; None without HTTP."""
        scope = self._context.exchange.scope
        return None if scope is None else scope.get("app")

    @property
    def session(self) -> ClientSession:
        """The client, by the methods of the official SDK."""
        return self._context.session

    @property
    def session_id(self) -> str:
        """The id of the session."""
        return self._context.session_id

    @property
    def request_id(self) -> str:
        """The id that the client gave the request."""
        return self._context.request_id

    @property
    def meta(self) -> RequestMeta | None:
        """The `_meta` of the request; None without one."""
        found = _read(self._context.exchange.params).meta
        return None if found is None else RequestMeta.model_validate(found)

    @property
    def request(self) -> Request | None:
        """The HTTP request, on an HTTP transport."""
        return self._context.request

    @property
    def protocol_version(self) -> str:
        """The revision that the request is served under."""
        return self._context.protocol_version

    @property
    def lifespan_context(self) -> Mapping[str, Any]:
        """What the server's lifespan yielded."""
        return self._context.lifespan_context

    def close_sse_stream(self) -> Awaitable[None]:
        """As `Context.close_sse_stream`."""
        return self._context.close_sse_stream()
