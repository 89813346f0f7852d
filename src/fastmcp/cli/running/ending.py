"""Ending a server's process."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import Process
from typing import Final

PATIENCE: Final = 5.0
"""How long a server may take to end after each time that it is asked to, in seconds."""


async def end(process: Process) -> None:
    """Ask it to end, and make it when it does not."""
    for ask in (process.terminate, process.kill):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            ask()
        await ended(process)


async def ended(process: Process) -> None:
    """Wait for its end, for a while."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), PATIENCE)
