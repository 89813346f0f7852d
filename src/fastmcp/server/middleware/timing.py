"""Timing: how long requests take, in the log."""

from __future__ import annotations

import logging
import time
from typing import Any

from fastmcp._logging.redaction import Redactor
from fastmcp._logging.words import one_line, words_of

from .ending import ENDINGS, ending_of
from .middleware import CallNext, Middleware, MiddlewareContext

_ENDED = {"error": "failed", "cancelled": "was cancelled", "input_required": "asked its client"}


class _Timed(Middleware):
    _NAME: str

    def __init__(
        self,
        logger: logging.Logger | None = None,
        log_level: int = logging.INFO,
        *,
        redact: Redactor | bool = True,
    ) -> None:
        self.logger: logging.Logger = logger or logging.getLogger(self._NAME)
        self.log_level = log_level
        self._redactor = Redactor.of(redact)

    async def _time_operation(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any], operation_name: str
    ) -> Any:
        if not self.logger.isEnabledFor(self.log_level):
            return await call_next(context)
        start = time.perf_counter()
        try:
            result = await call_next(context)
        except ENDINGS as fault:
            ending = ending_of(context, fault)
            text = f"{operation_name} {_ENDED[ending]} after {_since(start)}"
            if ending == "error":
                text = f"{text}: {self._redactor.line(words_of(fault))}"
            self._log(text)
            raise
        self._log(f"{operation_name} completed in {_since(start)}")
        return result

    def _log(self, text: str) -> None:
        self.logger.log(self.log_level, one_line(text))


class TimingMiddleware(_Timed):
    """Logs how long each request took: `Request tools/call completed in 1.23ms`.

    The logger is `fastmcp.timing` unless another is given.
    """

    _NAME = "fastmcp.timing"

    async def on_request(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        return await self._time_operation(
            context, call_next, f"Request {(context.method or 'unknown')[:200]}"
        )


class DetailedTimingMiddleware(_Timed):
    """Logs how long each listing and each use of a component took: `Tool 'add' completed in 1.2ms`.

    The logger is `fastmcp.timing.detailed` unless another is given.
    """

    _NAME = "fastmcp.timing.detailed"

    async def on_call_tool(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        return await self._time_operation(
            context, call_next, f"Tool '{context.message.name[:200]}'"
        )

    async def on_read_resource(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        uri = self._redactor.line(str(context.message.uri))
        return await self._time_operation(context, call_next, f"Resource '{uri}'")

    async def on_get_prompt(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        return await self._time_operation(
            context, call_next, f"Prompt '{context.message.name[:200]}'"
        )

    async def on_list_tools(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        return await self._time_operation(context, call_next, "List tools")

    async def on_list_resources(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        return await self._time_operation(context, call_next, "List resources")

    async def on_list_resource_templates(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        return await self._time_operation(context, call_next, "List resource templates")

    async def on_list_prompts(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        return await self._time_operation(context, call_next, "List prompts")


def _since(start: float) -> str:
    return f"{(time.perf_counter() - start) * 1000:.2f}ms"
