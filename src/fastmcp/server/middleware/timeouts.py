"""TimeoutMiddleware: how long requests may take."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from fastmcp.exceptions import ConfigurationError, LimitError
from fastmcp.transports import check_positive
from fastmcp.wire.methods import METHODS

from .called_tool import called_tool
from .middleware import CallNext, Middleware, MiddlewareContext

# It goes on for as long as its client listens.
_ENDLESS = "subscriptions/listen"


class RequestTimeoutError(LimitError):
    """A request took longer than it may."""


class TimeoutMiddleware(Middleware):
    """Ends requests that take longer than `seconds`; None ends none.

    `methods` has other times by method, `tools` by the name of a tool. An async function is
    cancelled; a plain one goes on in its thread, and what it returns is dropped.
    """

    def __init__(
        self,
        seconds: float | None = 30.0,
        *,
        methods: Mapping[str, float | None] | None = None,
        tools: Mapping[str, float | None] | None = None,
    ) -> None:
        check_positive(seconds=seconds)
        self._seconds = seconds
        self._methods: dict[str | None, float | None] = {_ENDLESS: None}
        self._methods.update(methods or {})
        self._tools = dict(tools or {})
        for method in methods or {}:
            if method not in METHODS:
                raise ConfigurationError(
                    f"methods={{{method!r}: ...}}: there is no such method; they are written as "
                    "in 'tools/call'"
                )
        for keyword, times in (("methods", methods), ("tools", tools)):
            for name, value in (times or {}).items():
                check_positive(**{f"{keyword}[{name!r}]": value})

    async def on_request(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """End the request when its time is over."""
        seconds = self._allowed(context)
        if seconds is None:
            return await call_next(context)
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                return await call_next(context)
        except TimeoutError:
            if not deadline.expired():
                raise  # somebody else's
            raise RequestTimeoutError(
                f"{_subject(context)} took longer than the {seconds:g} seconds that it may"
            ) from None

    def _allowed(self, context: MiddlewareContext[Any]) -> float | None:
        seconds = self._methods.get(context.method, self._seconds)
        if self._tools and context.method == "tools/call":
            return self._tools.get(called_tool(context), seconds)
        return seconds


def _subject(context: MiddlewareContext[Any]) -> str:
    if context.method == "tools/call":
        return f"The tool {called_tool(context)!r}"
    return f"The request {context.method}"
