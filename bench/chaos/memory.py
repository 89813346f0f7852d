"""How memory goes while the site is disturbed."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import linear_regression

import httpx2
import redis
from soaked import Finding, megabytes

from .site import Site

WARM_UP = 0.3
"""This share of the time caches and pools still fill."""
LONG_ENOUGH = 600.0
"""In fewer seconds a slope says nothing."""
LIMIT = 0.15
"""What may be added from the end of the warm-up to the end. What Redis has is told and not judged:
it loses its data now and then, and what it keeps has an end.
"""
REDIS = "data in Redis"


class Memory:
    """Samples of the clients, the worker that stays, and the data in Redis."""

    def __init__(self, site: Site, clients: int) -> None:
        self._site = site
        self._clients = clients
        self._samples: dict[str, list[tuple[float, float]]] = {}

    @asynccontextmanager
    async def sampled(self, every: float) -> AsyncGenerator[None]:
        """Take one every so many seconds."""
        sampling = asyncio.create_task(self._sample(min(every, 10)))
        try:
            yield
        finally:
            sampling.cancel()
            await asyncio.gather(sampling, return_exceptions=True)

    async def _sample(self, every: float) -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(every)
            now = time.monotonic() - began
            self._add("memory of the clients", now, _resident(self._clients))
            try:
                worker = await self._site.workers[0].debug()
                used = await asyncio.to_thread(self._used_by_redis)
            except (redis.RedisError, httpx2.HTTPError):
                continue
            self._add("memory of the worker that stayed", now, worker["rss"])
            self._add("live allocations in it", now, worker["blocks"])
            self._add(f"memory of the {REDIS}", now, used)

    def _used_by_redis(self) -> int:
        with self._site.redis() as client:
            return client.info("memory")["used_memory"]

    def _add(self, what: str, now: float, size: float) -> None:
        self._samples.setdefault(what, []).append((now, size))

    def judge(self, finding: Finding) -> None:
        """Add the slope of each after the warm-up."""
        for what, samples in self._samples.items():
            first, last = samples[0][0], samples[-1][0]
            later = [each for each in samples if each[0] >= first + WARM_UP * (last - first)]
            if len(later) < 2:
                continue
            slope, start = linear_regression(*zip(*later, strict=True))
            begin, end = start + slope * later[0][0], start + slope * last
            growth = end / begin - 1
            form = "{:,.0f}".format if what.startswith("live") else megabytes
            text = f"{form(begin)} to {form(end)}, {form(3600 * slope)} an hour"
            broken = last - first >= LONG_ENOUGH and growth > LIMIT and REDIS not in what
            problem = f"more than {LIMIT:.0%}" if broken else None
            finding.add(what, f"{text} ({growth:+.1%})", problem)


def _resident(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
