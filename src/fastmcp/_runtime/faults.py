"""The single place where an exception becomes a JSON-RPC error."""

from __future__ import annotations

import logging

from msgspec import Raw

from fastmcp._logging.tracebacks import exc_info_of
from fastmcp._logging.words import words_of
from fastmcp._protocol.http import target_of
from fastmcp.exceptions import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    REQUEST_TIMEOUT,
    RESOURCE_NOT_FOUND,
    AuthorizationError,
    ClientError,
    DisabledError,
    InputRefused,
    InputUnavailable,
    McpError,
    NotFoundError,
    PromptError,
    ResourceError,
    StoreUnavailable,
    TimedOut,
    ToolError,
    UnknownComponent,
    ValidationError,
)
from fastmcp.wire.revisions import Revision

logger = logging.getLogger("fastmcp.server")

# Why is for the log: it may say where the store is.
STORE_UNAVAILABLE = "The store of this server cannot be reached; try again"
# What is raised when another service, or the client, cannot be reached or does not answer.
_OTHERS = (ClientError, StoreUnavailable)
_SAID_ALOUD = (ToolError, PromptError, ResourceError, AuthorizationError, InputUnavailable)


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
    log_fault(logger, fault, "Error answering %s", method)
    text = "Internal error" if masked else f"Internal error: {words_of(fault)}"
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


def log_fault(log: logging.Logger, fault: BaseException, what: str, *arguments: object) -> None:
    """Log what failed, with the traceback: but where another service is to blame, that tells
    nothing, and is for those who debug.
    """
    elsewhere = isinstance(fault, _OTHERS) or upstream_trouble(fault) is not None
    if elsewhere and not log.isEnabledFor(logging.DEBUG):
        log_words(log, logging.ERROR, fault, f"{what}: {type(fault).__name__}", *arguments)
    else:
        log.error(what, *arguments, exc_info=exc_info_of(fault))


def log_words(
    log: logging.Logger, level: int, fault: BaseException, what: str, *arguments: object
) -> None:
    """Log what failed and, in one line and redacted, the words of the fault."""
    if log.isEnabledFor(level):
        from fastmcp._logging.redaction import standard_redactor

        log.log(level, f"{what}: %s", *arguments, standard_redactor().line(words_of(fault)))


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
