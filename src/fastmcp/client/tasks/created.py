"""The answer that a request has become a task, in the shapes of both eras."""

from __future__ import annotations

from msgspec import Raw, Struct, json

from fastmcp.exceptions import ClientError
from fastmcp.wire.tasks import GetTaskResult


class Created(Struct, frozen=True):
    """A task that has begun, and whether it is one of the modern era."""

    state: GetTaskResult
    modern: bool


_NULL = Raw(b"null")


class _Shape(Struct, rename="camel"):
    result_type: str | None = None
    task: Raw = _NULL


_read_shape = json.Decoder(_Shape).decode
_read_state = json.Decoder(GetTaskResult).decode


def created_in(result: Raw) -> Created | None:
    """The task that was made of a request; None for any other answer.

    Raises:
        ClientError: it is one, and cannot be read.
    """
    if b'"task"' not in bytes(result):
        return None
    try:
        shape = _read_shape(result)
    except (ValueError, RecursionError):
        return None  # whoever reads the result says so
    modern = shape.result_type == "task"
    nested = shape.task != _NULL
    if not modern and not nested:
        return None
    try:
        return Created(_read_state(shape.task if nested else result), modern)
    except (ValueError, RecursionError) as error:
        raise ClientError(f"The server made a task of the request, unreadably: {error}") from None
