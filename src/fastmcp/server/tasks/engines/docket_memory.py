"""What Docket keeps in memory, freed."""

from __future__ import annotations

import asyncio

from docket import _redis_memory as kept


async def forget(url: str) -> None:
    """Free what is kept in this event loop under a URL; Docket would keep it, and the threads of
    it, as long as the loop.
    """
    loop = asyncio.get_running_loop()
    with kept._memory_servers_lock:
        entry = kept._memory_servers.pop(kept._memory_server_key(url, loop), None)
    if entry is not None:
        await entry[1].aclose()
