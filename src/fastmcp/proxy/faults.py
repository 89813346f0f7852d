"""What an error tells of the backend that a request was sent to."""

from __future__ import annotations

from fastmcp.exceptions import (
    ClientError,
    ConnectFailed,
    InputUnavailable,
    McpError,
    SessionExpired,
    UnexpectedResponse,
)

_BUSY = (429, 503)


def fault_in(error: BaseException) -> ClientError | None:
    """How the backend failed, also where a proxy in between has said so in the words of the
    protocol; None when it has answered, if only with an error.
    """
    cause = error.__cause__ if type(error) is McpError else error
    if isinstance(cause, ClientError) and not isinstance(cause, InputUnavailable):
        return cause
    return None


def is_busy(fault: ClientError) -> bool:
    """Whether the backend is there and takes no more for now."""
    return isinstance(fault, UnexpectedResponse) and fault.status in _BUSY


def may_be_repeated(fault: ClientError, *, safe: bool) -> bool:
    """Whether another backend may be asked the same: what was not carried out, or is `safe`."""
    if safe or isinstance(fault, (ConnectFailed, SessionExpired)):
        return True
    return isinstance(fault, UnexpectedResponse) and (fault.status < 500 or is_busy(fault))
