"""What went wrong, as the page is told of it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, json

from fastmcp.exceptions import McpError, UnexpectedResponse


class Failure(Struct, omit_defaults=True):
    """An error by its class and its text; with `code` and `data` of JSON-RPC, or the `status` of
    an answer over HTTP that is not MCP.
    """

    kind: str
    message: str
    code: int | None = None
    data: Any = None
    status: int | None = None


def described(error: BaseException) -> Failure:
    """An exception for the page."""
    failure = Failure(type(error).__name__, str(error) or type(error).__name__)
    if isinstance(error, McpError):
        failure.code, failure.data = error.code, _jsonable(error.data)
    elif isinstance(error, UnexpectedResponse):
        failure.status = error.status
    return failure


def _jsonable(data: Any) -> Any:
    try:
        json.encode(data)
    except (TypeError, ValueError, RecursionError):
        return repr(data)
    return data
