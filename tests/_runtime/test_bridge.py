"""One method for all callers: awaited on its loop, waited for in threads, reached from afar."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from fastmcp._runtime.bridge import NotAwaited, Pending, bridge
from fastmcp._runtime.threads import WorkerThreads, run_in_thread

SECONDS = 10


async def doubled(number: int) -> int:
    """What is asked for: it needs the loop."""
    await asyncio.sleep(0)
    return number * 2


def run(scenario: Coroutine[Any, Any, Any]) -> Any:
    """Run a scenario within bounds."""

    async def bounded() -> Any:
        async with asyncio.timeout(SECONDS):
            return await scenario

    return asyncio.run(bounded())


def test_on_its_loop_it_is_a_coroutine() -> None:
    """For await, tasks, groups and gather alike."""

    async def scenario() -> list[int]:
        home = asyncio.get_running_loop()
        task = asyncio.create_task(bridge(doubled(2), home, "f"))
        async with asyncio.TaskGroup() as group:
            grouped = group.create_task(bridge(doubled(3), home, "f"))
        gathered = await asyncio.gather(bridge(doubled(4), home, "f"))
        timed = await asyncio.wait_for(bridge(doubled(5), home, "f"), SECONDS)
        return [await bridge(doubled(1), home, "f"), await task, grouped.result(), *gathered, timed]

    assert run(scenario()) == [2, 4, 6, 8, 10]


def test_in_a_thread_it_is_the_result() -> None:
    """The thread waits; the loop goes on."""

    async def scenario() -> int:
        home = asyncio.get_running_loop()
        return await run_in_thread(lambda: bridge(doubled(21), home, "f"))

    assert run(scenario()) == 42


def test_in_a_thread_it_raises_what_was_raised() -> None:
    """Also in a thread that nobody here started."""

    async def fail() -> None:
        raise ValueError("why")

    async def scenario() -> list[str]:
        home = asyncio.get_running_loop()
        seen: list[str] = []

        def call() -> None:
            try:
                bridge(fail(), home, "f")
            except ValueError as error:
                seen.append(str(error))

        thread = threading.Thread(target=call)
        thread.start()
        await asyncio.to_thread(thread.join, SECONDS)
        await run_in_thread(call)
        return seen

    assert run(scenario()) == ["why", "why"]


def test_on_another_loop_it_waits_for_its_own() -> None:
    """As in a plain function that runs asyncio by itself."""

    async def scenario() -> int:
        home = asyncio.get_running_loop()

        async def elsewhere() -> int:
            assert asyncio.get_running_loop() is not home
            return await bridge(doubled(4), home, "f")

        return await run_in_thread(lambda: asyncio.run(elsewhere()))

    assert run(scenario()) == 8


@pytest.mark.parametrize(
    "use",
    [
        lambda pending: pending.text,
        lambda pending: pending["key"],
        lambda pending: bool(pending),
        lambda pending: list(pending),
    ],
    ids=["attribute", "item", "truth", "iteration"],
)
def test_a_result_that_was_not_awaited_says_so_when_it_is_used(use: Any) -> None:
    """And what to write instead."""

    async def scenario() -> str:
        pending = bridge(doubled(1), asyncio.get_running_loop(), "ctx.sample")
        with pytest.raises(NotAwaited) as raised:
            use(pending)
        return str(raised.value)

    text = run(scenario())

    assert "await ctx.sample(...)" in text and "run_in_thread=False" in text


def test_what_is_pending_says_what_it_is() -> None:
    """In a log, for instance."""

    async def scenario() -> str:
        pending = bridge(doubled(1), asyncio.get_running_loop(), "ctx.info")
        assert isinstance(pending, Pending)
        shown = repr(pending)
        await pending
        return shown

    assert run(scenario()) == "<ctx.info(), not awaited yet>"


def test_threads_that_wait_for_threads_do_not_run_out_of_them() -> None:
    """However deep calls are nested, and however few threads there are."""
    pool = WorkerThreads(1)
    done = threading.Event()

    def nested(depth: int) -> None:
        if depth == 0:
            done.set()
            return
        with pool.one_more():
            inner = threading.Event()
            pool.submit(lambda: (nested(depth - 1), inner.set()))
            assert inner.wait(SECONDS)

    pool.submit(lambda: nested(20))

    assert done.wait(SECONDS)
