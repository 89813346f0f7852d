"""What all params and all results share, and the `_meta` keys the protocol reserves."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from msgspec import field

from fastmcp.wire.model import Model
from fastmcp.wire.revisions import R2026_07_28, since

__all__ = [
    "META_BAGGAGE",
    "META_CLIENT_CAPABILITIES",
    "META_CLIENT_INFO",
    "META_LOG_LEVEL",
    "META_MODEL_IMMEDIATE_RESPONSE",
    "META_PROGRESS_TOKEN",
    "META_PROTOCOL_VERSION",
    "META_RELATED_TASK",
    "META_SERVER_INFO",
    "META_SESSION",
    "META_SUBSCRIPTION_ID",
    "META_TRACEPARENT",
    "META_TRACESTATE",
    "CacheScope",
    "CacheableResult",
    "EmptyResult",
    "InputResponseRequestParams",
    "NotificationParams",
    "PaginatedRequestParams",
    "PaginatedResult",
    "ProgressToken",
    "RequestParams",
    "Result",
]

META_PROTOCOL_VERSION: Final = "io.modelcontextprotocol/protocolVersion"
META_CLIENT_CAPABILITIES: Final = "io.modelcontextprotocol/clientCapabilities"
META_CLIENT_INFO: Final = "io.modelcontextprotocol/clientInfo"
META_LOG_LEVEL: Final = "io.modelcontextprotocol/logLevel"
META_SERVER_INFO: Final = "io.modelcontextprotocol/serverInfo"
META_SUBSCRIPTION_ID: Final = "io.modelcontextprotocol/subscriptionId"
META_RELATED_TASK: Final = "io.modelcontextprotocol/related-task"
META_MODEL_IMMEDIATE_RESPONSE: Final = "io.modelcontextprotocol/model-immediate-response"
META_PROGRESS_TOKEN: Final = "progressToken"
META_TRACEPARENT: Final = "traceparent"
META_TRACESTATE: Final = "tracestate"
META_BAGGAGE: Final = "baggage"
META_SESSION: Final = "fastmcp/session"
"""Ours: the name that a modern client gives its session, a secret of its own."""

ProgressToken: TypeAlias = str | int
CacheScope: TypeAlias = Literal["public", "private"]


class RequestParams(Model):
    """Params of a request; the whole params of those that take none."""

    meta: dict[str, Any] | None = field(name="_meta", default=None)


class PaginatedRequestParams(RequestParams):
    """Params of a list request. An empty `cursor` is a cursor."""

    cursor: str | None = None


class InputResponseRequestParams(RequestParams):
    """Params of a request that may be answered by `InputRequiredResult` and then retried.

    `input_responses` maps the keys of the input requests to bare results.
    """

    input_responses: Annotated[dict[str, Any] | None, since(R2026_07_28)] = None
    request_state: Annotated[str | None, since(R2026_07_28)] = None


class NotificationParams(Model):
    """Params of a notification; the whole params of those that say nothing more."""

    meta: dict[str, Any] | None = field(name="_meta", default=None)


class Result(Model):
    """A result. `result_type` is mandatory from 2026-07-28 on and unknown before."""

    result_type: Annotated[str | None, since(R2026_07_28)] = None
    meta: dict[str, Any] | None = field(name="_meta", default=None)


class EmptyResult(Result):
    """A result that says only that the request was done."""


class CacheableResult(Result):
    """A result with caching hints, which 2026-07-28 demands once it is complete."""

    ttl_ms: Annotated[int | None, since(R2026_07_28)] = None
    cache_scope: Annotated[CacheScope | None, since(R2026_07_28)] = None


class PaginatedResult(CacheableResult):
    """One page of a list. An absent `next_cursor` ends it; an empty one does not."""

    next_cursor: str | None = None
