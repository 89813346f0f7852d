"""What became of each call of a client, as a line of JSON for whoever judges it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fastmcp.exceptions import FastMCPError, TimedOut

HANG = 75.0
"""Seconds after which a call counts as hung, whatever its client has promised."""


class Outcomes:
    """Appends to a file: which call, what of it, and why."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)

    def add(self, kind: str, outcome: str, number: int = 0, **more: Any) -> None:
        """Outcomes are right, wrong, error (a named one), unnamed, hang, cancelled."""
        line = {"kind": kind, "outcome": outcome, "number": number, "at": time.time(), **more}
        self._file.write(json.dumps(line) + "\n")

    async def watch(
        self,
        kind: str,
        number: int,
        call: Awaitable[Any],
        right: Callable[[Any], bool],
        **more: Any,
    ) -> bool:
        """Wait for a call and note its one outcome; whether it was right."""
        began = time.monotonic()

        def add(outcome: str, **why: Any) -> None:
            seconds = round(time.monotonic() - began, 2)
            self.add(kind, outcome, number, seconds=seconds, **why, **more)

        try:
            async with asyncio.timeout(HANG):
                value = await call
        except asyncio.CancelledError:
            add("cancelled")
            raise
        except FastMCPError as error:
            add("error", error=type(error).__name__, text=str(error))
        except TimeoutError as error:
            assert not isinstance(error, TimedOut)
            add("hang")
        except Exception as error:
            add("unnamed", error=type(error).__name__, text=str(error))
        else:
            good = right(value)
            add("right" if good else "wrong", text=None if good else repr(value)[:300])
            return good
        return False
