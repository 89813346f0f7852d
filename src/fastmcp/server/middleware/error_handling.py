"""What becomes of errors: counted, told of, made errors of the protocol, tried again."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import traceback
from collections.abc import Callable
from typing import Any

from fastmcp._logging.tracebacks import exc_info_of
from fastmcp._runtime.faults import upstream_trouble
from fastmcp.exceptions import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    RESOURCE_NOT_FOUND,
    AuthorizationError,
    ConfigurationError,
    DisabledError,
    InputUnavailable,
    McpError,
    NotFoundError,
    PromptError,
    ResourceError,
    ToolError,
    ValidationError,
)
from fastmcp.wire.methods import METHODS

from ..inputs.rounds import Rounds
from .ending import has_questions, words_of
from .middleware import CallNext, Middleware, MiddlewareContext
from .redaction import MOST, Redactor, one_line

REFUSED = -32000
NOT_FOUND = -32001

_MEANT_TO_BE_READ = (
    *(ToolError, ResourceError, PromptError, ValidationError),
    *(NotFoundError, DisabledError, AuthorizationError, InputUnavailable),
)
_WRAPPERS = (ToolError, ResourceError, PromptError)
_ACTS = {
    "tools/call": ("Error calling tool", "name"),
    "resources/read": ("Error reading resource", "uri"),
    "prompts/get": ("Error rendering prompt", "name"),
}
_MISSING = (FileNotFoundError, KeyError, NotFoundError, DisabledError)


class ErrorHandlingMiddleware(Middleware):
    """Logs and counts errors, and makes errors of the protocol of them unless `transform_errors`
    is off.

    `error_callback(error, context)`, plain or async, hears of each one. The logger is
    `fastmcp.errors` unless another is given.
    """

    def __init__(
        self,
        logger: logging.Logger | None = None,
        include_traceback: bool = False,
        error_callback: Callable[[Exception, MiddlewareContext[Any]], Any] | None = None,
        transform_errors: bool = True,
        *,
        redact: Redactor | bool = True,
    ) -> None:
        if error_callback is not None and not callable(error_callback):
            raise ConfigurationError(
                f"error_callback= takes a function (error, context), not {error_callback!r}"
            )
        self.logger: logging.Logger = logger or logging.getLogger("fastmcp.errors")
        self.include_traceback = include_traceback
        self.error_callback = error_callback
        self.transform_errors = transform_errors
        self.error_counts: dict[str, int] = {}
        self._redactor = Redactor.of(redact)
        self._counting = threading.Lock()

    async def on_message(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        try:
            return await call_next(context)
        except Exception as error:
            if has_questions(context):
                raise
            self._log_error(error, context)
            await self._call_back(error, context)
            transformed = self._transform_error(error, context)
            if transformed is error:
                raise
            raise transformed from error

    def get_error_stats(self) -> dict[str, int]:
        """How often each kind of error came up in each method, under `ValueError:tools/call`."""
        with self._counting:
            return dict(self.error_counts)

    def _log_error(self, error: Exception, context: MiddlewareContext[Any]) -> None:
        kind, method = type(error).__name__, context.method or "unknown"
        # A client may make up methods; there is one count for all of those.
        key = f"{kind}:{method if method in METHODS else 'unknown'}"
        with self._counting:
            self.error_counts[key] = self.error_counts.get(key, 0) + 1
        text = self._redactor.line(f"Error in {method[:200]}: {kind}: {words_of(error)}")
        if self.include_traceback:
            text = f"{text}\n{self._redactor.text(_traceback_of(error))}"
        self.logger.error(text)

    async def _call_back(self, error: Exception, context: MiddlewareContext[Any]) -> None:
        if self.error_callback is None:
            return
        try:
            said = self.error_callback(error, context)
            if inspect.isawaitable(said):
                await said
        except Exception as failure:
            self.logger.error("Error in error callback: %s", self._redactor.line(words_of(failure)))

    def _transform_error(self, error: Exception, context: MiddlewareContext[Any]) -> Exception:
        if isinstance(error, McpError) or not self.transform_errors:
            return error
        cause = error.__cause__ if isinstance(error, _WRAPPERS) else None
        code, what = _meaning_of(error if cause is None else cause, context.method or "")
        return McpError(code=code, message=f"{what}: {_told(error, context)}")


def _meaning_of(error: BaseException, method: str) -> tuple[int, str]:
    """The code of an error, and what it is called."""
    kind = type(error)
    if kind in (ValueError, TypeError, ValidationError):
        return INVALID_PARAMS, "Invalid params"
    if kind in _MISSING:
        if method.startswith("resources/"):
            return RESOURCE_NOT_FOUND, "Resource not found"
        return NOT_FOUND, "Not found"
    if kind is PermissionError or isinstance(error, AuthorizationError):
        return REFUSED, "Permission denied"
    if kind is TimeoutError:
        return REFUSED, "Request timeout"
    return INTERNAL_ERROR, "Internal error"


def _told(error: Exception, context: MiddlewareContext[Any]) -> str:
    """What the client is told: no detail, where the server masks it, that was not meant for it."""
    if isinstance(error, _MEANT_TO_BE_READ):
        return words_of(error)
    if trouble := upstream_trouble(error):
        return trouble
    served = context.fastmcp_context
    detail = "" if served is not None and served.fastmcp._parts.masks_errors else words_of(error)
    act = _ACTS.get(context.method or "")
    if act is None:
        return detail or "the details are in the server's log"
    said, member = act
    what = f"{said} {str(getattr(context.message, member, ''))!r}"
    return f"{what}: {detail}" if detail else what


def _traceback_of(error: Exception) -> str:
    try:
        return "".join(traceback.format_exception(*exc_info_of(error)))[-MOST:]
    except Exception:
        return "(its traceback cannot be written)"


class RetryMiddleware(Middleware):
    """Tries a request again that failed with one of `retry_exceptions`, after a delay that grows.

    It cannot know whether what failed has had an effect: retry what may run twice. The logger is
    `fastmcp.retry` unless another is given.
    """

    def __init__(
        self,
        max_retries: int = 3,
        base_delay: float = 1.0,
        max_delay: float = 60.0,
        backoff_multiplier: float = 2.0,
        retry_exceptions: tuple[type[Exception], ...] = (ConnectionError, TimeoutError),
        logger: logging.Logger | None = None,
        *,
        redact: Redactor | bool = True,
    ) -> None:
        numbers = {
            "max_retries": max_retries,
            "base_delay": base_delay,
            "max_delay": max_delay,
            "backoff_multiplier": backoff_multiplier,
        }
        for name, number in numbers.items():
            if number < 0:
                raise ConfigurationError(f"{name} must be 0 or more, not {number}")
        self.max_retries = max_retries
        self.base_delay = base_delay
        self.max_delay = max_delay
        self.backoff_multiplier = backoff_multiplier
        self.retry_exceptions: tuple[type[Exception], ...] = _checked_kinds(retry_exceptions)
        self.logger: logging.Logger = logger or logging.getLogger("fastmcp.retry")
        self._redactor = Redactor.of(redact)

    async def on_request(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        attempt = 0
        while True:
            try:
                return await call_next(context)
            except Exception as error:
                if attempt >= self.max_retries or not self._should_retry(error):
                    raise
                if has_questions(context):
                    raise
                delay = self._calculate_delay(attempt)
                attempt += 1
                self._log_retry(error, context, attempt, delay)
            await asyncio.sleep(delay)
            _begin_again(context)

    def _should_retry(self, error: Exception) -> bool:
        return isinstance(error, self.retry_exceptions) or isinstance(
            error.__cause__, self.retry_exceptions
        )

    def _calculate_delay(self, attempt: int) -> float:
        try:
            return min(self.base_delay * self.backoff_multiplier**attempt, self.max_delay)
        except OverflowError:
            return self.max_delay

    def _log_retry(
        self, error: Exception, context: MiddlewareContext[Any], attempt: int, delay: float
    ) -> None:
        self.logger.warning(
            "Request %s failed (attempt %d/%d): %s: %s. Retrying in %.1fs...",
            one_line(context.method or "unknown"),
            attempt,
            self.max_retries + 1,
            type(error).__name__,
            self._redactor.line(words_of(error)),
            delay,
        )


def _checked_kinds(kinds: Any) -> tuple[type[Exception], ...]:
    kinds = (kinds,) if isinstance(kinds, type) else tuple(kinds)
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            raise ConfigurationError(f"retry_exceptions takes classes of exceptions, not {kind!r}")
    return kinds


def _begin_again(context: MiddlewareContext[Any]) -> None:
    """Let the function's questions find their answers once more: they are counted in each run."""
    served = context.fastmcp_context
    if served is not None and (rounds := served.exchange.rounds) is not None:
        served.exchange.rounds = Rounds(rounds.record, rounds.responses)
