"""How a request ended, read from its answer."""

from __future__ import annotations

from typing import Any, Final

from msgspec import DecodeError, Struct, json

from fastmcp._runtime.dispatch import Answer
from fastmcp._runtime.exchange import Exchange

OK: Final = "ok"
ERROR: Final = "error"
"""An error of the protocol."""
TOOL_ERROR: Final = "tool_error"
"""A result of a tool that says of itself that it is an error; also its code."""
INPUT_REQUIRED: Final = "input_required"
"""A question to the client, which then asks again."""
CANCELLED: Final = "cancelled"
OUTCOMES: Final = (OK, ERROR, TOOL_ERROR, INPUT_REQUIRED, CANCELLED)

_ASKS: Final = b'"result":{"resultType":"input_required"'
# Where that begins, behind the id of the request.
_HEAD: Final = 1024


class _Result(Struct, rename="camel"):
    is_error: Any = False
    result_type: Any = None


class _Reply(Struct):
    result: _Result


_read_reply = json.Decoder(_Reply).decode


def outcome_of(exchange: Exchange, answer: Answer) -> tuple[str, str]:
    """The outcome, and the code of an error."""
    if answer.error is not None:
        return ERROR, str(answer.error.code)
    body = answer.body
    if body.rfind(b'"isError":true') < 0 and body.find(_ASKS, 0, _HEAD) < 0:
        return OK, ""
    try:
        result = _read_reply(body).result  # what was found may be data
    except DecodeError:
        return OK, ""
    if result.is_error is True and exchange.method == "tools/call":
        return TOOL_ERROR, TOOL_ERROR
    return (INPUT_REQUIRED if result.result_type == "input_required" else OK), ""
