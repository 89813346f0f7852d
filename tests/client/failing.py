"""A server that is reached badly: what becomes of each request on its way is told beforehand."""

from __future__ import annotations

from collections import deque
from typing import Any

from .scripted import HANDSHAKE, MODERN, ScriptedServer

__all__ = ["HANDSHAKE", "MODERN", "FailingServer"]


class FailingServer(ScriptedServer):
    """A scripted server behind a transport that fails the next requests with `failures`, in order;
    None lets one pass. `openings` counts the channels.
    """

    def __init__(self, serve: Any = None, revision: str = MODERN) -> None:
        super().__init__(serve, revision)
        self.failures: deque[Exception | None] = deque()
        self.refusals: deque[Exception | None] = deque()
        self.openings = 0
        self.tried: list[str] = []

    async def start(self, session: Any) -> None:
        self.openings += 1
        if self.refusals and (refusal := self.refusals.popleft()) is not None:
            raise refusal
        await super().start(session)

    def lose(self) -> None:
        """The connection breaks."""
        self._session.close()

    async def call(
        self, id: Any, method: str, params: Any, message: bytes, related: Any = None
    ) -> None:
        self.tried.append(method)
        opens = method in ("initialize", "server/discover")
        if not opens and self.failures and (failure := self.failures.popleft()) is not None:
            self._session.fail(id, failure)
            return
        await super().call(id, method, params, message, related)
