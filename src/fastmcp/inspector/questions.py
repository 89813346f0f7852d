"""What a server asks of the person, until it is answered in the page."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec import Struct

from .journal import Journal


class Question(Struct):
    """Something that waits for an answer: `kind` is `elicitation`, `sampling` or `sign-in`."""

    id: int
    kind: str
    params: Any


class Questions:
    """The questions that are open."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._open: dict[int, tuple[Question, asyncio.Future[Any]]] = {}
        self._last = 0

    @property
    def open(self) -> list[Question]:
        """Those that wait."""
        return [question for question, _ in self._open.values()]

    async def ask(self, kind: str, params: Any) -> Any:
        """Put a question to the person; what they answer. It is withdrawn
        where this is cancelled.
        """
        self._last += 1
        question = Question(self._last, kind, params)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._open[question.id] = question, answer
        self._journal.add("question", question=question)
        try:
            return await answer
        finally:
            del self._open[question.id]
            self._journal.add("answered", id=question.id)

    def answer(self, id: int, answer: Any) -> None:
        """Answer a question.

        Raises:
            ValueError: nobody waits for that any more.
        """
        found = self._open.get(id)
        if found is None or found[1].done():
            raise ValueError("Nobody waits for this answer any more")
        found[1].set_result(answer)
