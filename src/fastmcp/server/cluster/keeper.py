"""State of sessions, kept on the backplane."""

from __future__ import annotations

from ..backplane.backplane import Backplane
from ..state.store import Address


class BackplaneKeeper:
    """Keeps values by address, under names that tell nothing."""

    immediate = False

    def __init__(self, backplane: Backplane) -> None:
        self._backplane = backplane

    async def get(self, address: Address) -> bytes | None:
        return await self._backplane.get(_key(address))

    async def put(self, address: Address, data: bytes, ttl: float | None) -> None:
        await self._backplane.put(_key(address), data, ttl)

    async def delete(self, address: Address) -> None:
        await self._backplane.delete(_key(address))

    def forget(self, session: str) -> None:
        """Nothing: what was put has a time to live."""


def _key(address: Address) -> str:
    return f"state:{address.collection}:{address.digest()}"
