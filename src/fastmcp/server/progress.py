"""Progress: how far a call is, counted by the function and told to its client."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from fastmcp._components.injection.dependencies import Reading

from .context import Context


@runtime_checkable
class ProgressLike(Protocol):
    """What counts progress."""

    @property
    def current(self) -> int | None:
        """What is done; None before the first step."""
        ...

    @property
    def total(self) -> int:
        """What there is to do."""
        ...

    @property
    def message(self) -> str | None:
        """What is being done."""
        ...

    async def set_total(self, total: int) -> None:
        """Say how much there is to do."""
        ...

    async def increment(self, amount: int = 1) -> None:
        """Say that more is done."""
        ...

    async def set_message(self, message: str | None) -> None:
        """Say what is being done."""
        ...


class Progress(Reading["Progress"]):
    """A parameter with the default `Progress()` receives a count of its own in each call.

    What changes is told to the client that asked for it. A message goes out with the next step,
    since a client is told only of progress that grows.
    """

    def __init__(self) -> None:
        super().__init__(Progress._of_call)
        self._context: Context | None = None
        self._current: int | None = None
        self._total: int | None = None
        self._message: str | None = None

    @classmethod
    def _of_call(cls) -> Progress:
        progress = cls()
        progress._context = Context.current()
        return progress

    @property
    def current(self) -> int | None:
        """What is done; None before the first step."""
        return self._current

    @property
    def total(self) -> int:
        """What there is to do; 1 until it is said."""
        return 1 if self._total is None else self._total

    @property
    def message(self) -> str | None:
        """What is being done."""
        return self._message

    async def set_total(self, total: int) -> None:
        """Say how much there is to do, at least 1."""
        if total < 1:
            raise ValueError(f"The total of a progress is at least 1, not {total}")
        self._total = total
        await self._report()

    async def increment(self, amount: int = 1) -> None:
        """Say that `amount` more is done, at least 1."""
        if amount < 1:
            raise ValueError(f"A progress grows by at least 1, not by {amount}")
        self._current = (self._current or 0) + amount
        await self._report()

    async def set_message(self, message: str | None) -> None:
        """Say what is being done."""
        self._message = message
        await self._report()

    async def _report(self) -> None:
        if self._context is None:
            raise RuntimeError("Progress() counts in a function that a server calls, as a default")
        await self._context.report_progress(self._current or 0, self._total, self._message)
