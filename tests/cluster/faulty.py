"""A backplane whose operations a test can hold up or let fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastmcp.exceptions import StoreUnavailable

Act = Callable[..., Awaitable[object]]


class Faulty:
    """Hands everything on to another backplane; `before[name]` is awaited first, with the arguments
    of an operation of that name. `count[name]` is how often it was used.
    """

    def __init__(self, inner: Any) -> None:
        self.before: dict[str, Act] = {}
        self.count: dict[str, int] = {}
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._inner, name)

        async def act(*args: Any, **options: Any) -> Any:
            self.count[name] = self.count.get(name, 0) + 1
            if name in self.before:
                await self.before[name](*args, **options)
            return await operation(*args, **options)

        return act

    def fail_once(self, name: str) -> None:
        """Have the next operation of this name fail, and no other."""

        async def fail(*_: Any, **__: Any) -> None:
            del self.before[name]
            raise StoreUnavailable("once")

        self.before[name] = fail
