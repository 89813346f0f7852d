"""A Docket within this process, for functions that ask for one."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from .docket_presence import demand_docket

if TYPE_CHECKING:
    from docket import Docket, Worker

IDLE: Final = timedelta(milliseconds=250)


class DocketInMemory:
    """A Docket that nobody shares, and a worker of it unless `concurrency` is 0."""

    def __init__(self, name: str, concurrency: int, worker_name: str) -> None:
        demand_docket("A function that asks for Docket")
        self._name = name
        self._concurrency = concurrency
        self._worker_name = worker_name
        self._url = f"memory://{secrets.token_hex(8)}"
        self._opened = asyncio.Event()
        self._serving = asyncio.ensure_future(self._serve())
        self.docket: Docket | None = None
        self._worker: Worker | None = None

    async def lend(self, part: str) -> Any:
        """The "docket" or the "worker", once they are there."""
        opened = asyncio.ensure_future(self._opened.wait())
        try:
            await asyncio.wait([opened, self._serving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            opened.cancel()
        if not self._opened.is_set():
            await self._serving  # it tells what went wrong
        return self.docket if part == "docket" else self._worker

    async def close(self) -> None:
        """Stop the worker, and free what Docket keeps."""
        self._serving.cancel()
        await asyncio.wait([self._serving])

    async def _serve(self) -> None:
        """Docket wants to be left in the task that entered it."""
        await asyncio.to_thread(import_module, "docket")  # it takes a second or two
        from docket import Docket, Worker

        try:
            async with Docket(self._name, self._url) as self.docket:
                if not self._concurrency:
                    self._opened.set()
                    await asyncio.Event().wait()
                worker = Worker(
                    self.docket,
                    name=self._worker_name,
                    concurrency=self._concurrency,
                    minimum_check_interval=IDLE,
                )
                async with worker as self._worker:
                    self._opened.set()
                    await worker.run_forever()
        finally:
            await self._forget()

    async def _forget(self) -> None:
        """Free what Docket would keep, and the threads of it, as long as the event loop."""
        from docket import _redis_memory as kept

        loop = asyncio.get_running_loop()
        with kept._memory_servers_lock:
            entry = kept._memory_servers.pop(kept._memory_server_key(self._url, loop), None)
        if entry is not None:
            await entry[1].aclose()
