"""Event: something that has happened."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self


@dataclass(eq=False)
class Event:
    """What handlers get; `time` is in seconds since 1970.

    What `publish` gives in async code can be awaited: the handlers have then run.
    """

    type: str
    data: Any = None
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    time: float = field(default_factory=time.time)

    @property
    def timestamp(self) -> str:
        """The time in UTC, as ISO 8601 writes it."""
        return datetime.fromtimestamp(self.time, UTC).isoformat()

    def __await__(self) -> Generator[Any, Any, Self]:
        told: asyncio.Task[None] | None = vars(self).get("_told")
        if told is not None:
            yield from asyncio.shield(told).__await__()
        return self
