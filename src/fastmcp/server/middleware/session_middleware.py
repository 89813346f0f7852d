"""Middleware of single sessions, inside of the server's."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Final

from .chain import Act, Member, checked, compile_chain

if TYPE_CHECKING:
    from fastmcp.server.context import Context

# How many sessions may have middleware of their own; the least recently used lose theirs.
MAX_SESSIONS: Final = 10_000


class SessionMiddleware:
    """What single sessions have added for themselves, in this process; gone with the session."""

    def __init__(self) -> None:
        self._members: dict[str, list[Member]] = {}
        self._chains: dict[str, dict[str, Act]] = {}

    def add(self, session: str, member: Any) -> None:
        """Add middleware for the requests of a session from the next one on."""
        member = checked(member)
        members = self._members.pop(session, [])
        self._members[session] = [*members, member]
        self._chains[session] = {}
        if len(self._members) > MAX_SESSIONS:
            self.forget(next(iter(self._members)))

    def has(self, session: str) -> bool:
        """Whether a session has middleware of its own."""
        return session in self._members

    def forget(self, session: str) -> None:
        """The session has ended."""
        self._members.pop(session, None)
        self._chains.pop(session, None)

    def around(self, method: str, handler: Act) -> Act:
        """A handler inside of the middleware of whichever session calls."""

        def act(context: Context, params: Any) -> Awaitable[Any]:
            members = self._members.get(context.session_id) if self._members else None
            if members is None:
                return handler(context, params)
            return self._chain(context.session_id, members, method, handler)(context, params)

        return act

    def _chain(self, session: str, members: list[Member], method: str, handler: Act) -> Act:
        self._members[session] = self._members.pop(session)
        chains = self._chains[session]
        if method not in chains:
            chains[method] = compile_chain(members, method, handler)
        return chains[method]
