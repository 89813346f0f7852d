"""How a server keeps state: in this process, or in a store of any kind."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

from fastmcp.exceptions import ConfigurationError

from .memory import MemoryStateStore
from .store import Address, StateStore

AnyStore: TypeAlias = StateStore | MemoryStateStore


class Keeper(Protocol):
    """Keeps encoded values by address. One that is `immediate` never suspends its caller and may
    be used in any thread.
    """

    @property
    def immediate(self) -> bool: ...

    async def get(self, address: Address) -> bytes | None: ...

    async def put(self, address: Address, data: bytes, ttl: float | None) -> None: ...

    async def delete(self, address: Address) -> None: ...

    def forget(self, session: str) -> None:
        """A session has ended: drop what it kept, unless that goes away by itself."""
        ...


class StoreKeeper:
    """Keeps values in a `StateStore`, as text, under names that tell nothing."""

    immediate = False

    def __init__(self, store: StateStore) -> None:
        self._store = store

    async def get(self, address: Address) -> bytes | None:
        kept = await self._store.get(address.digest(), collection=address.collection)
        return None if kept is None else kept["json"].encode()

    async def put(self, address: Address, data: bytes, ttl: float | None) -> None:
        value = {"json": data.decode()}
        await self._store.put(address.digest(), value, collection=address.collection, ttl=ttl)

    async def delete(self, address: Address) -> None:
        await self._store.delete(address.digest(), collection=address.collection)

    def forget(self, session: str) -> None:
        """Nothing: what was put has a time to live."""


def keeper_of(store: Any) -> Keeper:
    """What keeps the state of a server that was given this store, or None.

    Raises:
        ConfigurationError: it is no store.
    """
    if store is None:
        return MemoryStateStore()
    if isinstance(store, MemoryStateStore):
        return store
    if not all(callable(getattr(store, name, None)) for name in ("get", "put", "delete")):
        raise ConfigurationError(
            f"session_state_store= is a store of py-key-value-aio, or one with its get, put and "
            f"delete, not {type(store).__name__}"
        )
    return StoreKeeper(store)
