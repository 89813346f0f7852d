"""Subscription: a handler, and the events that it gets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from fnmatch import translate
from functools import partial
from re import compile as compile_pattern
from typing import Any, Final

from fastmcp._components.functions.function import is_async
from fastmcp._logging.tracebacks import exc_info_of
from fastmcp._runtime.threads import run_in_thread
from fastmcp.exceptions import ConfigurationError

from .event import Event

logger: Final = logging.getLogger("fastmcp.events")


class Subscription:
    """A handler of the events whose type fits a pattern; `cancel` ends it."""

    def __init__(
        self, pattern: str, handler: Callable[[Event], Any], end: Callable[[Subscription], bool]
    ) -> None:
        if not callable(handler):
            raise ConfigurationError(f"subscribe() takes a function, not {handler!r}")
        self.pattern = pattern
        self.handler = handler
        self.is_async: bool = is_async(handler)
        self._end = end
        self._match = compile_pattern(translate(pattern)).match

    def __repr__(self) -> str:
        return f"Subscription({self.pattern!r}, {self._name})"

    def fits(self, type: str) -> bool:
        """Whether the handler gets events of a type."""
        return self._match(type) is not None

    def cancel(self) -> bool:
        """Have no more events handled; whether it was not cancelled yet."""
        return self._end(self)

    async def tell(self, event: Event) -> None:
        """Handle an event: a plain function does in a worker thread."""
        try:
            if self.is_async:
                await self.handler(event)
            else:
                await run_in_thread(partial(self.handler, event))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            self._report(event, error)  # something in the handler was cancelled
        except Exception as error:
            self._report(event, error)

    def tell_here(self, event: Event) -> None:
        """Handle an event in this thread."""
        try:
            self.handler(event)
        except Exception as error:
            self._report(event, error)

    def _report(self, event: Event, error: BaseException) -> None:
        what = "%s failed at the event %r"
        logger.error(what, self._name, event.type, exc_info=exc_info_of(error))

    @property
    def _name(self) -> str:
        return getattr(self.handler, "__qualname__", None) or repr(self.handler)
