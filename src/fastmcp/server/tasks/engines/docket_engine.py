"""Legs delivered by Docket, through Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from fastmcp.exceptions import StoreUnavailable

from ..engine import RunLeg
from .docket_presence import demand_docket

if TYPE_CHECKING:
    from docket import Docket

    from .docket_worker import LegWorker

FUNCTION: Final = "fastmcp.leg"
"""The name under which Docket knows how to run a leg."""
TIMEOUT: Final = 5.0
"""After so many seconds a service that does not answer is one that cannot be reached."""
STARTING: Final = 5.0
"""So many seconds a worker has for its start."""
GRACE: Final = 1.0
"""So many seconds what others have given to this Docket may take to its end."""


class DocketEngine:
    """Delivers by a Docket of this `name` at `url`."""

    def __init__(
        self,
        url: str,
        name: str,
        *,
        redelivery_timeout: float,
        reconnection_delay: float,
        minimum_check_interval: float,
    ) -> None:
        demand_docket("docket=redis://…")
        self._url = url
        self._name = name
        self._redelivery_timeout = timedelta(seconds=redelivery_timeout)
        self._reconnection_delay = timedelta(seconds=reconnection_delay)
        self._minimum_check_interval = timedelta(seconds=minimum_check_interval)
        self._opened = AsyncExitStack()
        self._docket: Docket | None = None
        self._worker: LegWorker | None = None

    @property
    def docket(self) -> Docket | None:
        """Docket's own object, while this is open."""
        return self._docket

    async def lend(self, part: str) -> Any:
        """The "docket" or the "worker" of Docket's; the worker begins beside those who wait."""
        if part == "docket":
            return self._open_docket()
        async with asyncio.timeout(STARTING):
            while self._worker is None:
                await asyncio.sleep(0.01)
        return self._worker

    async def open(self) -> None:
        await asyncio.to_thread(import_module, "docket")  # it takes a second or two
        from docket import Docket

        from .docket_worker import run_leg

        docket = Docket(self._name, self._url, execution_ttl=timedelta(0))
        docket.register(run_leg, names=[FUNCTION])
        self._opened = AsyncExitStack()
        try:
            async with self._reached():
                await self._opened.enter_async_context(docket)
                async with docket.redis() as redis:
                    await redis.exists(docket.stream_key)
        except BaseException:
            await self._opened.aclose()
            raise
        self._docket, self._worker = docket, None

    async def close(self) -> None:
        self._docket = None
        await self._opened.aclose()

    async def enqueue(self, task_id: str, leg: int, delay: float = 0) -> None:
        from docket.execution import Disposition, ExecutionState

        docket, key = self._open_docket(), f"{task_id}:{leg}"
        when = datetime.now(UTC) + timedelta(seconds=delay)
        async with self._reached():
            added = await docket.add(FUNCTION, when, key)(task_id, leg)
            if added.disposition is not Disposition.ALREADY_SCHEDULED:
                return
            known = await docket.get_execution(key)
            if known is not None and known.state is ExecutionState.SCHEDULED:
                await docket.replace(FUNCTION, when, key)(task_id, leg)

    async def work(self, run: RunLeg, *, concurrency: int, name: str) -> None:
        from .docket_worker import LegWorker

        worker = LegWorker(
            self._open_docket(),
            run,
            name=name,
            concurrency=concurrency,
            redelivery_timeout=self._redelivery_timeout,
            reconnection_delay=self._reconnection_delay,
            minimum_check_interval=self._minimum_check_interval,
            schedule_automatic_tasks=False,
        )
        try:
            await self._work(worker)
        finally:
            self._worker = None

    async def _work(self, worker: LegWorker) -> None:
        loop = asyncio.get_running_loop()
        async with worker:
            self._worker = worker
            running = loop.create_task(worker.run_forever())
            try:
                await asyncio.wait([running])
            finally:
                worker.end()
                # It ends by itself once it has read what was coming, and has waited for what it
                # runs.
                for seconds in (GRACE, 2 * GRACE):
                    loop.call_later(seconds, running.cancel)
        await running

    def _open_docket(self) -> Docket:
        if self._docket is None:
            raise StoreUnavailable("Docket is not open")
        return self._docket

    @asynccontextmanager
    async def _reached(self) -> AsyncGenerator[None]:
        from redis.exceptions import RedisError

        try:
            async with asyncio.timeout(TIMEOUT):
                yield
        except (RedisError, OSError, TimeoutError) as error:
            found = urlsplit(self._url)
            place = found.path if found.scheme == "unix" else found.netloc.rpartition("@")[2]
            what = str(error) or f"no answer within {TIMEOUT:g} seconds"
            raise StoreUnavailable(f"Redis at {place}: {what}") from error
