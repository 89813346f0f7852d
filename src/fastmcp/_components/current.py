"""What is being served now: the one context variable of the package."""

from __future__ import annotations

import copy
from contextvars import ContextVar
from typing import Any, Self

from fastmcp._components.injection.shared_values import SharedValues


class Scope:
    """What `current_scope` holds. A request's Context is one; a tool that is run outside of any
    request has a bare one. `forwarding` is the transformed tool whose function is running, and
    `part_of` are the lifespans that this is a part of: what they do as they start and end, and what
    they have begun.
    """

    __slots__ = ("forwarding", "part_of")

    def __init__(self) -> None:
        outer = current_scope.get(None)
        self.forwarding: Any = None
        self.part_of: tuple[Any, ...] = () if outer is None else outer.part_of

    @property
    def shared_values(self) -> SharedValues | None:
        """What the server keeps open for all of its requests; None while nobody runs one."""
        return None

    @property
    def is_background_task(self) -> bool:
        """Whether this runs as a background task of the protocol."""
        return False

    def police(self, policy: Any, kinds: frozenset[str]) -> None:
        """Have the background task that this is run as `policy` says, which its function has."""

    async def borrow(self, asked: Any, kinds: frozenset[str]) -> Any:
        """What a dependency of Docket's stands for; `kinds` are the names of its classes."""
        return await asked.__aenter__()

    def within(self, forwarding: Any) -> Self:
        """The same scope, as the function of a transformed tool sees it."""
        inner = copy.copy(self)
        inner.forwarding = forwarding
        return inner


current_scope: ContextVar[Scope] = ContextVar("fastmcp_scope")


def in_background() -> bool:
    """Whether what runs here is a background task, for which nobody waits."""
    scope = current_scope.get(None)
    return scope is not None and scope.is_background_task
