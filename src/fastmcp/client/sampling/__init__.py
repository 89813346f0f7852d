"""Sampling: messages of the client's model, for servers that ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from fastmcp.client.handler_context import RequestContext as RequestContext
    from fastmcp.wire.inputs import SamplingMessage as SamplingMessage

    from .answering import SamplingHandler as SamplingHandler
    from .answering import SamplingHandlerResult as SamplingHandlerResult
    from .answering import SamplingParams as SamplingParams

__all__ = [
    "RequestContext",
    "SamplingHandler",
    "SamplingHandlerResult",
    "SamplingMessage",
    "SamplingParams",
]

lazy_names(
    __name__,
    {
        "RequestContext": "fastmcp.client.handler_context",
        "SamplingHandler": ".answering",
        "SamplingHandlerResult": ".answering",
        "SamplingMessage": "fastmcp.wire.inputs",
        "SamplingParams": ".answering",
    },
)
