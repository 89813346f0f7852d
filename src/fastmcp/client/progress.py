"""Progress: how far a request is."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

__all__ = ["ProgressHandler", "default_progress_handler"]

logger: Final = logging.getLogger("fastmcp.client.progress")

ProgressHandler: TypeAlias = Callable[[float, float | None, str | None], Awaitable[None] | None]
"""Called with the progress, the total if it is known, and a message if there is one."""


async def default_progress_handler(
    progress: float, total: float | None, message: str | None
) -> None:
    """Log the progress at debug level."""
    done = f"{progress:g}" if total is None else f"{progress:g}/{total:g}"
    if total:
        done += f" ({progress / total:.1%})"
    logger.debug("Progress: %s%s", done, f" - {message}" if message else "")
