"""Which fault comes when, from a seed."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Coroutine
from typing import Any

from . import hostile
from .relay import Relay
from .site import Site, Worker

FAULTS = {
    "kill_worker": 4,
    "terminate_worker": 4,
    "reset_connections": 12,
    "silence_connections": 3,
    "slow_connections": 4,
    "restart_redis": 2,
    "empty_redis": 1,
    "pause_redis": 2,
    "pause_worker": 2,
    "malformed": 10,
    "stopped_readers": 5,
    "half_requests": 5,
}


class Schedule:
    """Faults of all kinds, every so many seconds; `problems` are answers that they may not have."""

    def __init__(self, site: Site, relay: Relay, seed: int, every: float) -> None:
        self._site = site
        self._relay = relay
        self._rng = random.Random(seed)
        self._every = every
        self._busy: set[Worker] = set()
        self._redis_is_busy = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.tally = Counter[str]()
        self.problems: list[str] = []

    async def run(self, seconds: float) -> None:
        """Until the time is over, and everything stands again."""
        # Every kind comes once before any comes by chance.
        first = self._rng.sample(list(FAULTS), len(FAULTS))
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await asyncio.sleep(self._rng.uniform(0.5, 1.5) * self._every)
                    [chosen] = self._rng.choices(list(FAULTS), list(FAULTS.values()))
                    self._start(first.pop() if first else chosen)
        except TimeoutError:
            pass
        await asyncio.gather(*self._tasks)

    def _start(self, name: str) -> None:
        """Begin with a fault, and say when that was."""
        with (self._site.folder / "faults").open("a") as file:
            file.write(f"{time.time():.3f} {name}\n")
        fault: Coroutine[Any, Any, None] = getattr(self, f"_{name}")()
        task = asyncio.create_task(fault)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _free_worker(self) -> Worker | None:
        """One that may be stopped: not the first one, and not all at once."""
        free = [worker for worker in self._site.workers[1:] if worker not in self._busy]
        return self._rng.choice(free) if free else None

    async def _kill_worker(self) -> None:
        if (worker := self._free_worker()) is None:
            return
        self._busy.add(worker)
        self.tally["workers killed"] += 1
        worker.kill()
        await asyncio.sleep(self._rng.uniform(0, 3))
        await self._start_again(worker)

    async def _terminate_worker(self) -> None:
        if (worker := self._free_worker()) is None:
            return
        self._busy.add(worker)
        self.tally["workers terminated"] += 1
        if problem := await worker.terminate():
            self.problems.append(problem)
        await self._start_again(worker)

    async def _start_again(self, worker: Worker) -> None:
        worker.start()
        while not await worker.ready():
            if worker.process.poll() is not None:
                if not worker.misses_redis():
                    self.problems.append(f"worker {worker.number} ended while it started")
                worker.start()
            await asyncio.sleep(0.2)
        self._busy.discard(worker)

    async def _pause_worker(self) -> None:
        """As a machine that swaps; its calls are taken over, and then it comes back."""
        if (worker := self._free_worker()) is None:
            return
        self._busy.add(worker)
        self.tally["workers paused"] += 1
        worker.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self._rng.uniform(0.5, 15))
        worker.process.send_signal(signal.SIGCONT)
        self._busy.discard(worker)

    async def _restart_redis(self) -> None:
        await self._redis("Redis killed, its data kept", empty=False)

    async def _empty_redis(self) -> None:
        await self._redis("Redis killed, its data lost", empty=True)

    async def _redis(self, what: str, *, empty: bool) -> None:
        if self._redis_is_busy:
            return
        self._redis_is_busy = True
        self.tally[what] += 1
        await self._site.restart_redis(self._rng.uniform(0, 3), empty=empty)
        self._redis_is_busy = False

    async def _pause_redis(self) -> None:
        if self._redis_is_busy:
            return
        self._redis_is_busy = True
        self.tally["Redis paused"] += 1
        self._site.redis_process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self._rng.uniform(0.5, 6))
        self._site.redis_process.send_signal(signal.SIGCONT)
        self._redis_is_busy = False

    async def _reset_connections(self) -> None:
        self.tally["connections reset"] += self._relay.doom(self._rng, "reset", 3)

    async def _silence_connections(self) -> None:
        self.tally["connections silenced"] += self._relay.doom(self._rng, "silence", 2)

    async def _slow_connections(self) -> None:
        self.tally["connections slowed"] += self._relay.doom(self._rng, "slow", 3)

    def _some_port(self) -> int:
        ports = [worker.port for worker in self._site.workers]
        return self._rng.choice([self._site.nginx.port, *ports])

    async def _malformed(self) -> None:
        problem = await hostile.send_malformed(self._rng, self._some_port(), self.tally)
        if problem is not None:
            self.problems.append(problem)

    async def _stopped_readers(self) -> None:
        await hostile.stop_reading(self._rng, self._some_port(), self.tally)

    async def _half_requests(self) -> None:
        await hostile.send_half(self._rng, self._some_port(), self.tally)
