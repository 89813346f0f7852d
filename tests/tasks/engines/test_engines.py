"""What every engine does: legs are run once each, at their time, and again when a run fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fastmcp.exceptions import StoreUnavailable
from fastmcp.server.tasks.engine import TaskEngine

from .working import Runs, make_engine, opened, until, worker_process, working

Make = Callable[..., TaskEngine]


async def test_what_is_enqueued_is_run_once_in_its_order(url: str, make: Make) -> None:
    """Before and after somebody works, with one slot."""
    runs = Runs()
    legs = [(f"task {i}", leg) for i in range(10) for leg in (1, 2)]
    async with opened(make(url)) as engine:
        for task, leg in legs[:10]:
            await engine.enqueue(task, leg)
        async with working(engine, runs, concurrency=1):
            for task, leg in legs[10:]:
                await engine.enqueue(task, leg)
            await until(lambda: len(runs.ended) >= len(legs))

    assert runs.begun == legs


async def test_so_many_are_run_at_once_as_was_said(url: str, make: Make) -> None:
    """The others wait until one has ended."""
    runs = Runs()
    runs.held = {f"{i}" for i in range(5)}
    async with opened(make(url)) as engine, working(engine, runs, concurrency=3):
        for i in range(5):
            await engine.enqueue(str(i), 1)
        await until(lambda: len(runs.begun) == 3)
        runs.held.remove(runs.begun[1][0])
        await until(lambda: len(runs.begun) == 4)
        assert len(runs.ended) == 1
        runs.held.clear()
        await until(lambda: len(runs.ended) == 5)

    assert sorted(runs.begun) == [(str(i), 1) for i in range(5)]


async def test_a_leg_waits_for_its_time(url: str, make: Make) -> None:
    """One that is enqueued with a delay does not begin before."""
    runs = Runs()
    async with opened(make(url)) as engine, working(engine, runs):
        began = time.monotonic()
        await engine.enqueue("later", 1, 0.5)
        await engine.enqueue("now", 1)
        await until(lambda: len(runs.ended) == 2)
        took = time.monotonic() - began

    assert [task for task, _ in runs.begun] == ["now", "later"]
    assert took >= 0.5


async def test_what_waits_is_moved_when_it_is_enqueued_again(url: str, make: Make) -> None:
    """To now, from an hour away; and it is run once."""
    runs = Runs()
    async with opened(make(url)) as engine, working(engine, runs):
        await engine.enqueue("a", 1, 3600)
        await engine.enqueue("a", 1)
        await until(lambda: runs.ended)
        await engine.enqueue("b", 1)
        await until(lambda: len(runs.ended) == 2)

    assert runs.begun == [("a", 1), ("b", 1)]


async def test_what_waits_twice_is_run_once(url: str, make: Make) -> None:
    """A leg that is enqueued again before anybody works is the same."""
    runs = Runs()
    async with opened(make(url)) as engine:
        for _ in range(3):
            await engine.enqueue("a", 1)
        await engine.enqueue("a", 2)
        async with working(engine, runs):
            await until(lambda: len(runs.ended) == 2)
            await engine.enqueue("b", 1)
            await until(lambda: len(runs.ended) == 3)

    assert sorted(runs.begun) == [("a", 1), ("a", 2), ("b", 1)]


async def test_what_runs_is_left_alone(url: str, make: Make) -> None:
    """Enqueuing it meanwhile, at once or for later, has it run no second time."""
    runs = Runs()
    runs.held = {"a"}
    async with opened(make(url)) as engine, working(engine, runs):
        await engine.enqueue("a", 1)
        await until(lambda: runs.begun)
        await engine.enqueue("a", 1)
        await engine.enqueue("a", 1, 0.01)
        runs.held.clear()
        await until(lambda: runs.ended)
        await engine.enqueue("b", 1, 0.3)
        await until(lambda: len(runs.ended) == 2)

    assert runs.begun == [("a", 1), ("b", 1)]


async def test_a_leg_can_be_run_again_once_it_has_ended(url: str, make: Make) -> None:
    """Nothing is remembered of it."""
    runs = Runs()
    async with opened(make(url)) as engine, working(engine, runs):
        await engine.enqueue("a", 1)
        while len(runs.ended) < 2:  # that it has ended is not known at once
            await engine.enqueue("a", 1)
            await asyncio.sleep(0.01)

    assert set(runs.begun) == {("a", 1)}


async def test_a_leg_that_fails_is_delivered_again(url: str, make: Make) -> None:
    """As often as it fails, and others do not wait for it."""
    runs = Runs()
    runs.failing = {"a": 2}
    async with opened(make(url)) as engine, working(engine, runs, concurrency=1):
        await engine.enqueue("a", 1)
        await engine.enqueue("b", 1)
        await until(lambda: len(runs.ended) == 2)

    assert runs.ended == [("b", 1), ("a", 1)]
    assert runs.begun.count(("a", 1)) == 3


async def test_what_runs_when_a_worker_is_stopped_is_cancelled_and_run_by_the_next(
    url: str, make: Make
) -> None:
    """At once, although its lease would be long; what waited is there, too."""
    first, second = Runs(), Runs()
    first.held = {"a", "b"}
    async with opened(make(url)) as engine:
        async with working(engine, first, concurrency=2):
            for task in ("a", "b", "c"):
                await engine.enqueue(task, 1)
            await until(lambda: len(first.begun) == 2)
        assert sorted(first.cancelled) == [("a", 1), ("b", 1)]
        async with working(engine, second):
            await until(lambda: len(second.ended) == 3)

    assert sorted(second.begun) == [("a", 1), ("b", 1), ("c", 1)]


async def test_a_worker_that_is_stopped_does_not_linger(url: str, make: Make) -> None:
    """Whether it is idle or busy."""
    runs = Runs()
    runs.held = {"a"}
    async with opened(make(url)) as engine:
        for task in (None, "a"):
            async with working(engine, runs):
                if task is not None:
                    await engine.enqueue(task, 1)
                await until(lambda task=task: runs.begun or task is None)
                began = time.monotonic()
            assert time.monotonic() - began < 2


async def test_a_long_leg_is_not_delivered_again(url: str, make: Make) -> None:
    """Its lease is renewed while it runs, several times here, with another worker about."""
    runs, other = Runs(), Runs()
    runs.held = {"a"}
    async with opened(make(url, redelivery_timeout=0.6)) as engine, working(engine, runs):
        await engine.enqueue("a", 1)
        await until(lambda: runs.begun)
        async with working(engine, other):
            began = time.monotonic()
            await until(lambda: time.monotonic() - began > 1.8)
        runs.held.clear()
        await until(lambda: runs.ended)

    assert runs.begun == [("a", 1)]
    assert other.begun == []


async def test_an_engine_can_be_used_in_two_event_loops_in_turn(url: str, make: Make) -> None:
    """What was not run in the first is run in the second."""
    engine, runs = make(url), Runs()

    async def first() -> None:
        async with opened(engine), working(engine, runs):
            await engine.enqueue("a", 1)
            await engine.enqueue("b", 1, 0.3)
            await until(lambda: runs.ended == [("a", 1)])

    async def second() -> None:
        async with opened(engine), working(engine, runs):
            await until(lambda: ("b", 1) in runs.ended)

    await asyncio.to_thread(asyncio.run, first())
    await asyncio.to_thread(asyncio.run, second())

    # What the first loop did not get to say before its end is delivered again.
    assert runs.begun in ([("a", 1), ("b", 1)], [("a", 1), ("a", 1), ("b", 1)])


async def test_an_engine_that_is_not_open_says_so(url: str, make: Make) -> None:
    """Before and after."""
    engine = make(url)
    with pytest.raises(StoreUnavailable, match="not open"):
        await engine.enqueue("a", 1)
    async with opened(engine):
        pass
    with pytest.raises(StoreUnavailable, match="not open"):
        await engine.enqueue("a", 1)


async def test_queues_have_their_own_legs(url: str, tmp_path: Path, make: Make) -> None:
    """Of two names at one place each runs what was given to it."""
    one, other = Runs(), Runs()
    async with (
        opened(make(url)) as mine,
        opened(make_engine(url, f"{tmp_path.name}x")) as theirs,
        working(mine, one),
        working(theirs, other),
    ):
        await mine.enqueue("a", 1)
        await theirs.enqueue("b", 1)
        await until(lambda: one.ended and other.ended)

    assert (one.begun, other.begun) == ([("a", 1)], [("b", 1)])


# Several processes


async def test_what_a_killed_worker_was_running_is_run_by_another(
    shared_url: str, tmp_path: Path, make: Make
) -> None:
    """Once its lease is over, at the latest; what the dead one had finished is not."""
    runs = Runs()
    async with opened(make(shared_url, redelivery_timeout=1.5)) as engine:
        options = {"redelivery_timeout": 1.5, "hold": True}
        with worker_process(shared_url, tmp_path.name, tmp_path, **options) as worker:
            for i in range(4):
                await engine.enqueue(f"{i}", 1)
            await until(lambda: len(worker.begun) == 4)
            worker.kill()
        async with working(engine, runs):
            await until(lambda: len(runs.ended) == 4)

    assert sorted(runs.begun) == [(str(i), 1) for i in range(4)]


async def test_workers_of_several_processes_share_the_legs(
    shared_url: str, tmp_path: Path, make: Make
) -> None:
    """Each leg is run by one of them."""
    runs = Runs()
    async with opened(make(shared_url)) as engine:
        options = {"redelivery_timeout": 300, "hold": False}
        with (
            worker_process(shared_url, tmp_path.name, tmp_path, **options) as one,
            worker_process(shared_url, tmp_path.name, tmp_path, **options) as other,
        ):
            await engine.enqueue("ready", 1)
            await until(lambda: one.begun or other.begun)
            for i in range(60):
                await engine.enqueue(str(i), 1)
            async with working(engine, runs):
                await until(lambda: len(one.begun + other.begun + runs.begun) >= 61)
            begun = [tuple(leg) for leg in one.begun + other.begun] + runs.begun

    assert sorted(begun) == sorted([("ready", 1), *((str(i), 1) for i in range(60))])
