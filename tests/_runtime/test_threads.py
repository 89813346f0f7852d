"""Worker threads: plain functions beside the loop, with the context of whoever called them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any

import pytest

from fastmcp._runtime.threads import WorkerThreads, run_in_thread

SECONDS = 10
colour: ContextVar[str] = ContextVar("colour", default="none")


def run(scenario: Coroutine[Any, Any, None]) -> None:
    """Run a scenario within bounds."""

    async def bounded() -> None:
        async with asyncio.timeout(SECONDS):
            await scenario

    asyncio.run(bounded())


class Gate:
    """Holds threads until it is opened, and knows how many came."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.inside = threading.Semaphore(0)

    def __call__(self) -> str:
        self.inside.release()
        assert self.open.wait(SECONDS)
        return threading.current_thread().name

    async def wait_inside(self, count: int) -> None:
        """Wait until that many threads are inside."""
        for _ in range(count):
            assert await asyncio.to_thread(self.inside.acquire, timeout=SECONDS)


def test_a_function_runs_in_another_thread_with_its_arguments() -> None:
    """And its value comes back."""

    def describe(*, a: int, b: str) -> tuple[int, str, int]:
        return a, b, threading.get_ident()

    async def scenario() -> None:
        a, b, thread = await run_in_thread(describe, a=1, b="x")

        assert (a, b) == (1, "x") and thread != threading.get_ident()

    run(scenario())


def test_an_argument_may_have_any_name() -> None:
    """Also that of a parameter of `run_in_thread`."""

    def take(**arguments: int) -> dict[str, int]:
        return arguments

    async def scenario() -> None:
        assert await run_in_thread(take, function=1, self=2) == {"function": 1, "self": 2}

    run(scenario())


def test_context_variables_go_in_and_come_back() -> None:
    """What the function sets is set for its caller afterwards."""

    def paint() -> str:
        before = colour.get()
        colour.set("green")
        return before

    async def scenario() -> None:
        colour.set("red")

        assert await run_in_thread(paint) == "red"
        assert colour.get() == "green"

    run(scenario())


def test_callers_at_the_same_time_keep_their_contexts_apart() -> None:
    """However many threads they share."""

    def paint(name: str) -> str:
        before = colour.get()
        colour.set(name + "!")
        return before

    async def caller(name: str) -> tuple[str, str]:
        colour.set(name)
        return await run_in_thread(paint, name=name), colour.get()

    async def scenario() -> None:
        names = [str(number) for number in range(100)]
        found = await asyncio.gather(*map(caller, names))

        assert found == [(name, name + "!") for name in names]
        assert colour.get() == "none"

    run(scenario())


@pytest.mark.parametrize("fault", [ValueError("v"), KeyError("k"), SystemExit(3)])
def test_what_the_function_raises_is_raised_here(fault: BaseException) -> None:
    """The very same exception."""

    def fail() -> None:
        raise fault

    async def scenario() -> None:
        try:
            await run_in_thread(fail)
        except BaseException as caught:
            assert caught is fault
        else:
            raise AssertionError("nothing was raised")

    run(scenario())


def test_a_stop_iteration_becomes_an_error_that_a_coroutine_can_raise() -> None:
    """As it would in a generator."""

    def fail() -> None:
        raise StopIteration(1)

    async def scenario() -> None:
        with pytest.raises(RuntimeError, match="StopIteration"):
            await run_in_thread(fail)

    run(scenario())


def test_a_failing_function_leaves_the_thread_usable() -> None:
    """The next one runs."""

    def fail() -> None:
        raise ValueError

    async def scenario() -> None:
        for _ in range(10):
            with pytest.raises(ValueError):
                await run_in_thread(fail)
        assert await run_in_thread(lambda: 1) == 1

    run(scenario())


def test_a_cancelled_wait_ends_at_once_and_the_thread_by_itself() -> None:
    """What the function returns is dropped, what it sets as well."""
    gate = Gate()

    def paint() -> None:
        gate()
        colour.set("late")

    async def scenario() -> None:
        waiting = asyncio.ensure_future(run_in_thread(paint))
        await gate.wait_inside(1)

        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        gate.open.set()

        assert await run_in_thread(colour.get) == "none"

    run(scenario())


def test_a_loop_that_has_ended_is_no_trouble_to_the_thread() -> None:
    """Nobody waits any more, and the thread serves the next loop."""
    gate = Gate()

    async def leave() -> None:
        waiting = asyncio.ensure_future(run_in_thread(gate))
        await gate.wait_inside(1)
        waiting.cancel()

    asyncio.run(leave())
    gate.open.set()

    assert asyncio.run(run_in_thread(lambda: "still here")) == "still here"


def test_many_functions_block_at_the_same_time() -> None:
    """Each in a thread of its own, while the loop goes on."""
    gate = Gate()

    async def scenario() -> None:
        waiting = [asyncio.ensure_future(run_in_thread(gate)) for _ in range(50)]
        await gate.wait_inside(50)

        gate.open.set()
        names = await asyncio.gather(*waiting)

        assert len(set(names)) == 50

    run(scenario())


def test_idle_threads_are_used_again() -> None:
    """One call after the other comes to a thread that was there before."""

    async def scenario() -> None:
        names: list[str] = []
        while len(set(names)) == len(names):
            names.append(await run_in_thread(lambda: threading.current_thread().name))

    run(scenario())


def test_a_pool_never_has_more_threads_than_its_limit() -> None:
    """What is over it waits for a free one, and is done in the end."""
    pool = WorkerThreads(3)
    gate = Gate()
    names: list[str] = []
    done = threading.Semaphore(0)

    def work() -> None:
        names.append(gate())
        done.release()

    for _ in range(20):
        pool.submit(work)
    for _ in range(3):
        assert gate.inside.acquire(timeout=SECONDS)
    assert not gate.inside.acquire(blocking=False)
    gate.open.set()
    for _ in range(20):
        assert done.acquire(timeout=SECONDS)

    assert len(names) == 20 and len(set(names)) == 3


def test_workers_are_daemons() -> None:
    """A function that never returns does not keep the process from ending."""

    async def scenario() -> None:
        assert (await run_in_thread(threading.current_thread)).daemon

    run(scenario())
