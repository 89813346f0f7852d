"""One inspector: what it knows, and the server that it speaks to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final, TypeAlias

from .calls import Calls
from .conversation import Conversation, Offers
from .frames import Frames
from .journal import Journal
from .questions import Questions
from .target import Target

Watch: TypeAlias = Callable[[Sequence[Path]], AsyncGenerator[Sequence[Path]]]
"""Tells, of some folders, which files have changed, each time that some have."""


class Inspector:
    """The parts of an inspector. `target` is connected to at the start, and started anew when
    `watch` tells which files have changed in the folders `watched`.
    """

    def __init__(
        self,
        target: Target | None = None,
        watched: Sequence[Path] = (),
        watch: Watch | None = None,
    ) -> None:
        self.journal: Final = Journal()
        self.questions: Questions = Questions(self.journal)
        self.calls: Final = Calls(self.journal)
        self.conversation: Final = Conversation(self.journal, self.questions, self.calls)
        self.frames: Final = Frames()
        self._target = target
        self._watched = watched
        self._watch = watch
        self._watching: asyncio.Task[None] | None = None

    def snapshot(self) -> dict[str, Any]:
        """What is so now."""
        return {
            "connection": self.conversation.state,
            "given": self._target,
            "watched": [str(each) for each in self._watched],
            "roots": self.conversation.roots,
            "questions": self.questions.open,
            "calls": self.calls.running,
        }

    async def start(self) -> None:
        """Connect to what was given."""
        if self._target is not None:
            await self.conversation.connect(self._target, Offers())
        if self._watch is not None and self._watched:
            self._watching = asyncio.create_task(self._follow(self._watch(self._watched)))

    async def stop(self) -> None:
        """End everything that was begun."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self.calls.close()
        await self.conversation.disconnect()

    async def _follow(self, changes: AsyncGenerator[Sequence[Path]]) -> None:
        async with aclosing(changes):
            async for paths in changes:
                if paths and self.conversation.target == self._target:
                    names = ", ".join(path.name for path in paths[:3])
                    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
                    await self.conversation.reconnect(f"{names}{more} changed")
