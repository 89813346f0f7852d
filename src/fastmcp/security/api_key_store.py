"""Where API keys are kept: one value for each, and one that lists their ids."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast
from weakref import WeakKeyDictionary

from msgspec import json

from fastmcp.exceptions import ConfigurationError
from fastmcp.server.auth.storage.key_value import KeyValueValues
from fastmcp.server.auth.storage.values import Values
from fastmcp.server.backplane.memory import MemoryBackplane
from fastmcp.server.backplane.opening import backplane_of

from .api_key import KeptKey

INDEX = "api-keys"

_read_key = json.Decoder(KeptKey).decode
_read_ids = json.Decoder(list[str]).decode


class APIKeyStore:
    """Keys by id. Several processes may change them at once."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = (
            WeakKeyDictionary()
        )

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        """Connected meanwhile, with whoever else is."""
        await self._values.open()
        try:
            yield
        finally:
            await self._values.close()

    async def get(self, id: str) -> KeptKey | None:
        """A key; None if there is none, or its time is over."""
        kept = await self._values.get(_name(id))
        return None if kept is None else _read_key(kept)

    async def add(self, key: KeptKey, ttl: float | None) -> None:
        """Keep a key."""
        id = key.known.id
        await self._values.put(_name(id), json.encode(key), ttl)
        await self._change(lambda ids: [*ids, id])

    async def drop(self, id: str) -> bool:
        """Forget a key; whether it was there."""
        there = await self._values.delete(_name(id))
        await self._change(lambda ids: [each for each in ids if each != id])
        return there

    async def all(self) -> list[KeptKey]:
        """The keys whose time is not over, in the order in which they were made."""
        ids = _ids(await self._values.get(INDEX))
        found = {id: await self.get(id) for id in ids}
        gone = {id for id, key in found.items() if key is None}
        if gone:
            await self._change(lambda ids: [id for id in ids if id not in gone])
        return [key for key in found.values() if key is not None]

    async def _change(self, edit: Callable[[list[str]], list[str]]) -> None:
        """Change the list of ids, whoever else does meanwhile; here they do it in turn."""
        async with self._turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            while not await self._changed(edit):
                pass

    async def _changed(self, edit: Callable[[list[str]], list[str]]) -> bool:
        before = await self._values.get(INDEX)
        after = json.encode(edit(_ids(before)))
        if before is None:
            return await self._values.add(INDEX, after)
        return before == after or await self._values.swap(INDEX, before, after)


def api_key_store(given: Any) -> APIKeyStore:
    """The store of a backplane or its URL, or in a store of py-key-value-aio; in memory for None.

    Raises:
        ConfigurationError: it is no store.
    """
    if given is None:
        return APIKeyStore(MemoryBackplane())
    if isinstance(given, str) or callable(getattr(given, "swap", None)):
        return APIKeyStore(cast("Values", backplane_of(given, "store")))
    if all(callable(getattr(given, name, None)) for name in ("get", "put", "delete")):
        return APIKeyStore(KeyValueValues(given))
    raise ConfigurationError(
        "APIKeys(store=) takes a URL (sqlite:///keys.db, redis://host:6379/0), a backplane or a "
        f"store of py-key-value-aio, not {type(given).__name__}"
    )


def _ids(kept: bytes | None) -> list[str]:
    return [] if kept is None else _read_ids(kept)


def _name(id: str) -> str:
    return f"api-key/{id}"
