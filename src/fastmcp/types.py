"""The vocabulary of the protocol under the names of `mcp.types`, and types for parameters.

Protocol types load on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from fastmcp import wire
from fastmcp._components.schemas.annotated import Hint
from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from fastmcp.exceptions import INTERNAL_ERROR as INTERNAL_ERROR
    from fastmcp.exceptions import INVALID_PARAMS as INVALID_PARAMS
    from fastmcp.exceptions import INVALID_REQUEST as INVALID_REQUEST
    from fastmcp.exceptions import METHOD_NOT_FOUND as METHOD_NOT_FOUND
    from fastmcp.exceptions import PARSE_ERROR as PARSE_ERROR
    from fastmcp.wire import *  # noqa: F403
    from fastmcp.wire.jsonrpc import ErrorData as ErrorData
    from fastmcp.wire.jsonrpc import RequestId as RequestId

Textarea: TypeAlias = Annotated[str, Hint(format="textarea")]
"""Text that a form offers several lines for."""

_HOMES = {
    **dict.fromkeys(wire.__all__, "fastmcp.wire"),
    **dict.fromkeys(
        (
            "INTERNAL_ERROR",
            "INVALID_PARAMS",
            "INVALID_REQUEST",
            "METHOD_NOT_FOUND",
            "PARSE_ERROR",
        ),
        "fastmcp.exceptions",
    ),
    "ErrorData": "fastmcp.wire.jsonrpc",
    "RequestId": "fastmcp.wire.jsonrpc",
}

__all__ = ["Textarea", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]

lazy_names(__name__, _HOMES)


def __dir__() -> list[Any]:
    return sorted({*globals(), *_HOMES})
