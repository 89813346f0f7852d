"""What is asked of a key-value store, by whoever keeps something in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, SupportsFloat


class KeyValueStore(Protocol):
    """Every store of py-key-value-aio is one."""

    async def get(self, key: str, *, collection: str | None = None) -> Mapping[str, Any] | None:
        """The value, None when there is none or its time is over."""
        ...

    async def put(
        self,
        key: str,
        value: Mapping[str, Any],
        *,
        collection: str | None = None,
        ttl: SupportsFloat | None = None,
    ) -> None:
        """Keep a value; `ttl` is for how many seconds, None for good."""
        ...

    async def delete(self, key: str, *, collection: str | None = None) -> bool:
        """Forget a value; whether there was one."""
        ...
