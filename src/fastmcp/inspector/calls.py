"""What the page has asked for and what is not done yet."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from .failure import described
from .journal import Journal


class Calls:
    """Work under names that the page chose. What comes of it is an event `result`, with a `result`
    or an `error`; no request of the page waits for it.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def running(self) -> list[str]:
        """The names of what is not done."""
        return list(self._tasks)

    def current(self) -> str | None:
        """For which of them the present task works."""
        task = asyncio.current_task()
        name = "" if task is None else task.get_name()
        return name if self._tasks.get(name) is task else None

    def start(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        """Begin some work.

        Raises:
            ValueError: there is some of that name.
        """
        if name in self._tasks:
            work.close()
            raise ValueError(f"There is a call {name!r} already")
        self._tasks[name] = asyncio.create_task(self._run(name, work), name=name)

    def cancel(self, name: str) -> None:
        """Give something up, if it is not done."""
        if name in self._tasks:
            self._tasks[name].cancel()

    async def close(self) -> None:
        """Give everything up."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        try:
            result = await work
        except asyncio.CancelledError:
            self._journal.add("result", call=name, cancelled=True)
            raise
        except Exception as error:
            self._journal.add("result", call=name, error=described(error))
        else:
            self._journal.add("result", call=name, result=result)
        finally:
            del self._tasks[name]
