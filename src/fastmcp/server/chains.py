"""Chains: the handlers of a server, each inside the middleware that is around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from fastmcp._runtime.dispatch import Handler, Notified, Refused, Route

from .context import Context
from .limits import Limits
from .middleware.chain import (
    Member,
    checked,
    compile_chain,
    compile_notified,
    compile_refused,
)
from .middleware.session_middleware import SessionMiddleware
from .options import listed
from .routes import HANDLERS, build_routes


class Compiled(Struct, frozen=True):
    """The middleware compiled around every handler: `by_method`, for requests that none of them can
    take, and for notifications.
    """

    by_method: dict[str, Handler[Context]]
    refused: Refused[Context] | None
    notified: Notified[Context] | None

    @property
    def routes(self) -> dict[str, Route[Context]]:
        """The chains as requests reach them."""
        return build_routes(self.by_method)


class Chains:
    """What is around the handlers of a server, from the outside: what is `around` handlers only,
    the limits of messages, the middleware given and added, the limits of functions, and that of
    single sessions. It is compiled when it is needed, and anew after a change.
    """

    def __init__(
        self,
        around: Sequence[Member],
        limits: Limits | None,
        middleware: Any,
        sessions: SessionMiddleware,
    ) -> None:
        self._around = around
        self._outermost: Sequence[Member] = () if limits is None else limits.outermost()
        self._innermost: Sequence[Member] = () if limits is None else limits.innermost()
        self.own: list[Member] = [checked(each) for each in listed("middleware", middleware)]
        self._sessions = sessions
        self._compiled: Compiled | None = None

    def add(self, member: Any) -> None:
        """Add middleware inside of what is there.

        Raises:
            ConfigurationError: it is none.
        """
        self.own.append(checked(member))
        self._compiled = None

    def surround(self, method: str) -> bool:
        """Whether any middleware stands around a method, other than that of sessions."""
        handler = HANDLERS[method][0]
        return compile_chain([*self._around, *self._members], method, handler) is not handler

    @property
    def compiled(self) -> Compiled:
        """What serves requests and notifications now."""
        if self._compiled is None:
            members = [*self._around, *self._members]
            by_method = {
                method: compile_chain(members, method, self._sessions.around(method, handler))
                for method, (handler, _) in HANDLERS.items()
            }
            refused, notified = compile_refused(self._members), compile_notified(self._members)
            self._compiled = Compiled(by_method, refused, notified)
        return self._compiled

    @property
    def _members(self) -> list[Member]:
        return [*self._outermost, *self.own, *self._innermost]
