"""The engine in an SQLite file: what it leaves beside it, and how soon the dead are noticed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from fastmcp.exceptions import StoreUnavailable
from fastmcp.server.backplane import SQLiteBackplane
from fastmcp.server.backplane.sqlite_worker import SQLiteWorker

from .working import Runs, make_engine, opened, until, worker_process, working


async def test_what_a_killed_worker_was_running_does_not_wait_for_its_lease(
    tmp_path: Path,
) -> None:
    """Others see that its process is gone, although its lease would last for hours."""
    url, runs = f"sqlite:///{tmp_path}/legs.db", Runs()
    options = {"redelivery_timeout": 10_000, "hold": True}
    async with opened(make_engine(url, "q", redelivery_timeout=10_000)) as engine:
        with worker_process(url, "q", tmp_path, **options) as worker:
            await engine.enqueue("a", 1)
            await engine.enqueue("b", 1)
            await until(lambda: len(worker.begun) == 2)
            async with working(engine, runs):
                await asyncio.sleep(0)
                assert runs.begun == []
                worker.kill()
                killed = time.monotonic()
                await until(lambda: len(runs.ended) == 2)
                assert time.monotonic() - killed < 5

    assert sorted(runs.begun) == [("a", 1), ("b", 1)]


async def test_workers_leave_nothing_beside_the_file(tmp_path: Path) -> None:
    """Neither those that end, nor, once another has looked, those that were killed."""
    url = f"sqlite:///{tmp_path}/legs.db"
    options = {"redelivery_timeout": 300, "hold": True}

    def left() -> list[Path]:
        return list(tmp_path.glob("legs.db-worker-*"))

    async with opened(make_engine(url, "q")) as engine:
        with worker_process(url, "q", tmp_path, **options) as worker:
            await until(left)
            worker.kill()
        [dead] = left()
        async with working(engine, Runs()):
            await until(lambda: not dead.exists())
            assert len(left()) == 1
    assert left() == []


async def test_legs_stay_in_the_file_of_a_backplane(tmp_path: Path) -> None:
    """Both are used at once, and neither disturbs what the other keeps."""
    path, runs = tmp_path / "tasks.db", Runs()
    backplane = SQLiteBackplane(path, durable=True)
    await backplane.open()
    async with opened(make_engine(f"sqlite:///{path}", "q")) as engine, working(engine, runs):
        for i in range(20):
            await asyncio.gather(backplane.put(str(i), b"v"), engine.enqueue(str(i), 1))
        await until(lambda: len(runs.ended) == 20)
        assert [await backplane.get(str(i)) for i in range(20)] == [b"v"] * 20
    assert backplane.path == path
    await backplane.close()


async def test_what_is_durable_waits_for_the_disk(tmp_path: Path) -> None:
    """SQLite synchronizes after each change where that was asked for; it can be seen only there."""
    found: dict[bool, int] = {}
    for durable in (False, True):
        file = SQLiteWorker(tmp_path / f"{durable}.db", 2, durable=durable)
        [found[durable]] = await file.read(lambda c: c.execute("PRAGMA synchronous").fetchone())
        await file.stop()

    assert found == {False: 1, True: 2}


async def test_a_file_that_cannot_be_used_is_told_when_the_engine_is_opened(
    tmp_path: Path,
) -> None:
    """By its path."""
    path = tmp_path / "missing" / "legs.db"
    with pytest.raises(StoreUnavailable, match=r"missing/legs\.db"):
        await make_engine(f"sqlite:///{path}", "q").open()
