"""Waiting for what becomes of tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from fastmcp.wire.tasks import GetTaskResult

SOON = timedelta(milliseconds=30)
SECONDS = 20


async def until(condition: Callable[[], Any]) -> None:
    """Wait for what other tasks of this loop do."""
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.005)


async def said(task: Any) -> GetTaskResult:
    """The state of a task that has something to say."""
    async with asyncio.timeout(SECONDS):
        while (status := await task.status()).status_message is None:
            await asyncio.sleep(0.01)
        return status
