"""Failure: an answer that says what went wrong, and which status that has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, Struct, UnsetType, json

from fastmcp.exceptions import (
    INVALID_PARAMS,
    RESOURCE_NOT_FOUND,
    AuthorizationError,
    DisabledError,
    InputUnavailable,
    McpError,
    MissingCapability,
    NotFoundError,
    StoreUnavailable,
    ValidationError,
)

from ...auth.challenger import step_up
from .answer import Answer

# After how many seconds to try again where a store cannot be reached.
RETRY_AFTER = b"5"

# The first kind that a fault is of decides.
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (StoreUnavailable, 503),
    (NotFoundError, 404),
    (DisabledError, 404),
    (ValidationError, 422),
    (AuthorizationError, 403),
    (MissingCapability, 501),
    (InputUnavailable, 501),
)
_STATUS_OF_CODE = {INVALID_PARAMS: 422, RESOURCE_NOT_FOUND: 404}


class _Error(Struct, omit_defaults=True):
    message: str
    code: int | UnsetType = UNSET
    details: Any = UNSET


class Failure(Exception):
    """Ends a request: `{"error": {"message": …}}`, with a `code` and `details` where there are."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: int | None = None,
        details: Any = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.details = details
        self.headers = headers

    @property
    def answer(self) -> Answer:
        """The answer that says so."""
        code = UNSET if self.code is None else self.code
        details = UNSET if self.details is None else self.details
        try:
            body = json.encode({"error": _Error(self.message, code, details)})
        except (TypeError, ValueError, RecursionError):
            text = self.message.encode("utf-8", "backslashreplace").decode()
            body = json.encode({"error": _Error(text, code)})
        return Answer(body, self.status, headers=self.headers)


def failure_of(
    fault: BaseException | None, message: str, scope: Mapping[str, Any] | None = None
) -> Failure:
    """What a fault means over HTTP; `message` is what may be said of it, to who sent `scope`."""
    status = next((status for kind, status in _STATUS if isinstance(fault, kind)), 500)
    code = details = None
    if isinstance(fault, McpError) and status == 500:
        status = _STATUS_OF_CODE.get(fault.code, 500)
        code, details = fault.code, fault.data
    if status == 422:
        code, details = None, _problems_of(fault) or details
    headers = ((b"retry-after", RETRY_AFTER),) if status == 503 else ()
    if (challenge := step_up(fault, scope)) is not None:
        headers = ((b"www-authenticate", challenge.encode("latin-1")),)
    return Failure(status, message, code=code, details=details, headers=headers)


def _problems_of(fault: BaseException | None) -> Any:
    """The list of what does not fit; a protocol error has it from the error that it stands for."""
    for each in (fault, None if fault is None else fault.__context__):
        if isinstance(each, ValidationError) and each.problems:
            return each.problems
    return None
