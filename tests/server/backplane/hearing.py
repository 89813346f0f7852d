"""What tests of topics wait with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

SECONDS = 10


class Ear:
    """Hears, and remembers."""

    def __init__(self) -> None:
        self.heard: list[bytes | None] = []

    def __call__(self, message: bytes | None) -> None:
        self.heard.append(message)

    async def waits_for(self, *messages: bytes | None) -> None:
        """Until these were heard and nothing else."""
        await until(lambda: len(self.heard) >= len(messages), lambda: f"heard {self.heard}")
        assert self.heard == list(messages)


async def until(done: Callable[[], bool], state: Callable[[], str] = str) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < deadline, state()
        await asyncio.sleep(0.005)


async def becomes(expected: T, ask: Callable[[], Awaitable[T]]) -> None:
    """Ask until that is the answer."""
    deadline = time.monotonic() + SECONDS
    while (answer := await ask()) != expected:
        assert time.monotonic() < deadline, answer
        await asyncio.sleep(0.01)
