"""MontySandboxProvider: code runs in Monty, an interpreter without a way out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from importlib import import_module
from types import EllipsisType
from typing import Any, Final

from fastmcp.exceptions import ConfigurationError, ToolError

from .callbacks import Callbacks

logger: Final = logging.getLogger("fastmcp.server")

DEFAULT_LIMITS: Final[Mapping[str, float]] = {
    "max_feed_duration_secs": 30.0,
    "max_memory": 100_000_000,
}
# What limits were called by earlier versions of Monty.
_FORMERLY: Final = {"max_duration_secs": "max_feed_duration_secs"}


class MontySandboxProvider:
    """Runs code by `pydantic-monty`, in a process of its own for each run: without files, network
    and packages.

    `limits` are those of Monty, such as `max_feed_duration_secs`, in which waiting for functions
    does not count, and `max_memory` in bytes; without them 30 seconds and 100 MB. None sets none.

    Raises:
        ConfigurationError: at the first run, when there is no such limit.
    """

    def __init__(self, *, limits: Mapping[str, Any] | EllipsisType | None = ...) -> None:
        given = DEFAULT_LIMITS if isinstance(limits, EllipsisType) else limits
        self.limits: dict[str, Any] | None = None if given is None else dict(given)

    async def run(
        self,
        code: str,
        *,
        inputs: dict[str, Any] | None = None,
        external_functions: dict[str, Callable[..., Any]] | None = None,
    ) -> Any:
        """What the code returns, or the value of its last expression; what it prints is dropped.

        Raises:
            ToolError: the code is none, fails, or reaches a limit.
            ImportError: Monty is not installed.
        """
        monty = _monty()
        limits = self._known_limits(monty)
        callbacks = Callbacks(external_functions or {})
        try:
            async with monty.AsyncMonty() as pool, pool.checkout(limits=limits) as session:
                return await session.feed_run(
                    code,
                    inputs=inputs or None,
                    external_lookup=callbacks.functions or None,
                    print_callback=_printed,
                )
        except monty.MontyError as error:
            raise ToolError(_told(error)) from error
        finally:
            await callbacks.end()

    def _known_limits(self, monty: Any) -> dict[str, Any] | None:
        if self.limits is None:
            return None
        known = monty.ResourceLimits.__annotations__
        named = {_FORMERLY.get(name, name): value for name, value in self.limits.items()}
        unknown = sorted(set(named) - set(known))
        if unknown:
            raise ConfigurationError(
                f"MontySandboxProvider has no limit {', '.join(map(repr, unknown))}: use "
                + ", ".join(sorted(known))
            )
        return named


def _monty() -> Any:
    try:
        return import_module("pydantic_monty")
    except ImportError:
        raise ImportError(
            "MontySandboxProvider needs pydantic-monty: pip install 'peregrine-mcp[code-mode]'; or "
            "give CodeMode(sandbox_provider=...) another sandbox"
        ) from None


def _told(error: Any) -> str:
    """What went wrong, with the line of the code, for its author to correct it."""
    try:
        return error.display("traceback")
    except (AttributeError, TypeError):
        return str(error)


def _printed(stream: str, text: str) -> None:
    logger.debug("Code in the sandbox wrote to %s: %.200s", stream, text)
