"""The single place where an exception becomes a JSON-RPC error."""

from __future__ import annotations

import logging

from msgspec import Raw

from fastmcp._protocol.http import target_of
from fastmcp.exceptions import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    REQUEST_TIMEOUT,
    RESOURCE_NOT_FOUND,
    AuthorizationError,
    DisabledError,
    InputRefused,
    InputUnavailable,
    McpError,
    NotFoundError,
    PromptError,
    ResourceError,
    StoreUnavailable,
    TimedOut,
    UnknownComponent,
    ValidationError,
)
from fastmcp.wire.revisions import Revision

logger = logging.getLogger("fastmcp.server")

# Why is for the log: it may say where the store is.
STORE_UNAVAILABLE = "The session store cannot be reached; try again"
_SAID_ALOUD = (PromptError, ResourceError, AuthorizationError, InputUnavailable)


def to_error(
    fault: BaseException, *, method: str, params: Raw, revision: Revision, masked: bool
) -> McpError:
    """The error that answers a request which raised `fault`.

    `masked` hides the text of every exception that was not written for the peer to read.
    """
    if isinstance(fault, McpError) and not isinstance(fault, (InputRefused, TimedOut)):
        return _for_revision(fault, revision)
    if isinstance(fault, NotFoundError) and method == "resources/read":
        uri = target_of(method, params) or ""
        return _for_revision(resource_not_found(uri, str(fault)), revision)
    if isinstance(fault, (NotFoundError, DisabledError, ValidationError)):
        return McpError(code=INVALID_PARAMS, message=str(fault))
    if isinstance(fault, _SAID_ALOUD):
        return McpError(code=INTERNAL_ERROR, message=str(fault))
    logger.error("Error answering %s", method, exc_info=fault)
    text = "Internal error" if masked else f"Internal error: {_text(fault)}"
    return McpError(code=INTERNAL_ERROR, message=upstream_trouble(fault) or text)


def upstream_trouble(fault: BaseException) -> str | None:
    """What to do about a service that a component asked in vain; None for other faults.

    The exceptions of httpx are known by their names, so that it need not be there.
    """
    if isinstance(fault, StoreUnavailable):
        return STORE_UNAVAILABLE
    kinds = {
        kind.__name__
        for kind in type(fault).__mro__
        if kind.__module__.partition(".")[0] in ("httpx", "httpx2")
    }
    if "TimeoutException" in kinds:
        return "A service that this needs did not answer in time; try again"
    response = getattr(fault, "response", None) if "HTTPStatusError" in kinds else None
    if getattr(response, "status_code", None) == 429:
        return "A service that this needs is limiting its rate; try again later"
    return None


def _text(fault: BaseException) -> str:
    try:
        return str(fault) or type(fault).__name__
    except Exception:
        return type(fault).__name__  # a __str__ that fails must not leave a request unanswered


def took_too_long(seconds: float) -> McpError:
    """A request over the limit of the server."""
    return McpError(
        code=REQUEST_TIMEOUT,
        message=f"The request took longer than the {seconds:g} seconds that this server allows",
    )


def resource_not_found(uri: str, reason: str | None = None) -> McpError:
    """A missing resource; -32002 for the revisions before 2026-07-28 (PROTOCOL 3.6)."""
    text = reason or f"Resource not found: {uri}"
    return UnknownComponent(text, code=RESOURCE_NOT_FOUND, data={"uri": uri})


def _for_revision(error: McpError, revision: Revision) -> McpError:
    if error.code == RESOURCE_NOT_FOUND and revision.modern:
        return McpError(code=INVALID_PARAMS, message=error.message, data=error.data)
    return error
