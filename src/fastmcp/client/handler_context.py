"""What a handler is told of the request that it answers."""

from __future__ import annotations

from types import GenericAlias
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from fastmcp.wire.jsonrpc import RequestId

if TYPE_CHECKING:
    from .client import Client


class RequestContext(Struct, frozen=True, kw_only=True):
    """The request that a handler answers.

    `request_id` is its id or, in a round of input of a modern server, its key there. `session` is
    the client that was asked; its `server_info` says who asks. `meta` came with the request.
    """

    request_id: RequestId
    method: str
    session: Client
    meta: dict[str, Any] | None = None
    lifespan_context: Any = None

    if not TYPE_CHECKING:  # annotations of the official SDK's class have its type parameters
        __class_getitem__ = classmethod(GenericAlias)
