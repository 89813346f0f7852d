"""What is kept of a response, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

Scope: TypeAlias = Literal["public", "private"]

CacheMode: TypeAlias = Literal["use", "refresh", "bypass"]
"""What one request does with the cache: `"use"` takes from it and puts into it, `"refresh"` only
puts into it, `"bypass"` does neither.
"""


@dataclass(frozen=True, slots=True)
class CacheKey:
    """Which response it is: `params_key` is the URI of a resource, and empty for lists; `partition`
    tells apart servers, revisions and those whom the response is for.
    """

    method: str
    params_key: str = ""
    partition: str = ""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A response: the JSON of its result, whom the server says that it is for, and the time after
    which it is stale, in seconds since the epoch; None is never fresh.
    """

    value: Any
    scope: Scope
    expires_at: float | None


class ResponseCacheStore(Protocol):
    """Keeps responses. A client uses it from one event loop. An operation that raises is logged,
    and the request goes to the server.
    """

    async def get(self, key: CacheKey) -> CacheEntry | None:
        """What is kept under a key; `value` as bytes or text."""
        ...

    async def set(self, key: CacheKey, entry: CacheEntry) -> None:
        """Keep an entry; its `value` is bytes."""
        ...

    async def delete(self, key: CacheKey) -> None:
        """Forget what is kept under a key, if anything is."""
        ...

    async def clear(self) -> None:
        """Forget everything."""
        ...
