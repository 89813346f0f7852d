"""The portal: coroutines for threads that wait for them."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import traceback
import warnings
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import pytest
from left_behind import nothing_left
from processes import run_python

from fastmcp._runtime.portal import Portal
from fastmcp._runtime.threads import WorkerThreads, run_in_thread
from fastmcp.exceptions import Disconnected

SECONDS = 20
colour: ContextVar[str] = ContextVar("colour", default="none")


async def nothing() -> None:
    pass


async def thread_name() -> str:
    await asyncio.sleep(0)
    return threading.current_thread().name


class Watched(Portal):
    """A portal that has not run yet; `threads` are those that it has started."""

    def __init__(self) -> None:
        super().__init__()
        self._before = set(threading.enumerate())

    @property
    def threads(self) -> list[threading.Thread]:
        new = set(threading.enumerate()) - self._before
        return [thread for thread in new if thread.name == "fastmcp-portal"]


@pytest.fixture
def portal() -> Iterator[Watched]:
    """One that is ended by the test."""
    portal = Watched()
    yield portal
    assert portal.threads == []


class Sleeper:
    """A coroutine function that sleeps until it is cancelled, and says when."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.cancelled = threading.Event()

    async def __call__(self) -> None:
        self.began.set()
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


def test_a_coroutine_runs_in_a_thread_of_its_own(portal: Watched) -> None:
    """Which is there while it is needed, and no longer."""
    assert portal.run(thread_name()) == "fastmcp-portal"
    assert portal.threads == []


def test_nothing_is_left_of_it(portal: Watched) -> None:
    """No thread, no socket of the loop."""
    with nothing_left():
        for _ in range(3):
            portal.run(thread_name())


def test_context_variables_go_in(portal: Watched) -> None:
    """Those of the caller; what is set there is set there."""

    async def repaint() -> str:
        seen = colour.get()
        colour.set("blue")
        return seen

    token = colour.set("red")
    try:
        assert portal.run(repaint()) == "red"
        assert colour.get() == "red"
    finally:
        colour.reset(token)


def test_an_error_comes_with_the_lines_that_it_passed(portal: Watched) -> None:
    """Those of the coroutine, after a few of ours; and the caller's objects are not held."""

    class Held:
        pass

    held = Held()
    gone = weakref.ref(held)

    async def fail(_: Held) -> None:
        raise ValueError("out of paper")

    with pytest.raises(ValueError, match="out of paper") as caught:
        portal.run(fail(held))

    frames = traceback.extract_tb(caught.value.__traceback__)
    assert [frame.name for frame in frames][-1] == "fail"
    assert len(frames) <= 5
    caught.value.__traceback__ = None
    del held, caught
    assert gone() is None


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_what_ends_programs_ends_no_portal(portal: Watched, kind: type[BaseException]) -> None:
    """Whoever waits is told, and the next call works."""

    async def leave() -> None:
        await asyncio.sleep(0)
        raise kind

    hold = portal.hold(nothing)
    with pytest.raises(kind):
        portal.run(leave())

    assert portal.run(thread_name()) == "fastmcp-portal"
    hold.release()


def test_many_threads_call_at_once(portal: Watched) -> None:
    """Each gets its own answer, and their coroutines run side by side."""
    meeting: asyncio.Barrier | None = None

    async def meet(number: int) -> int:
        nonlocal meeting
        meeting = meeting or asyncio.Barrier(20)
        async with meeting:
            return number

    def many(number: int) -> list[int]:
        return [portal.run(meet(number)) for _ in range(10)]

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(many, range(20), timeout=SECONDS))

    assert answers == [[number] * 10 for number in range(20)]


def test_it_runs_until_its_last_hold_is_released(portal: Watched) -> None:
    """Releasing twice is releasing once."""
    one, two = portal.hold(nothing), portal.hold(nothing)
    assert one.loop is two.loop and one.valid

    one.release()
    one.release()
    assert two.valid and portal.run(thread_name()) == "fastmcp-portal"
    two.release()

    assert not two.valid and portal.threads == []


def test_the_next_start_is_another_loop(portal: Watched) -> None:
    """A hold is of the loop that it was taken of."""
    first = portal.hold(nothing)
    first.release()
    second = portal.hold(nothing)

    assert second.valid and not first.valid
    assert first.loop.is_closed() and not second.loop.is_closed()
    first.release()
    assert second.valid
    second.release()


def test_tasks_that_are_left_are_cancelled_at_its_end(portal: Watched) -> None:
    """As at the end of any event loop that is run."""
    sleeper = Sleeper()
    tasks: list[asyncio.Task[None]] = []

    async def leave_running() -> None:
        tasks.append(asyncio.create_task(sleeper()))
        await asyncio.sleep(0)

    portal.run(leave_running())

    assert sleeper.cancelled.is_set()


def test_work_that_is_cancelled_there_is_a_lost_connection(portal: Watched) -> None:
    """The thread that waits was not cancelled, so it gets an error that it can handle."""

    async def give_up() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    with pytest.raises(Disconnected, match="closed"):
        portal.run(give_up())


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Interrupts are heard, also where this was started in the background by a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupting_the_thread_cancels_the_work(portal: Watched) -> None:
    """Ctrl-C ends the wait at once, and what it waited for soon."""
    sleeper = Sleeper()

    def interrupt() -> None:
        assert sleeper.began.wait(SECONDS)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    hold = portal.hold(nothing)
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        portal.run(sleeper())
    thread.join(SECONDS)

    assert sleeper.cancelled.wait(SECONDS)
    hold.release()


def test_its_own_thread_cannot_wait_for_itself(portal: Watched) -> None:
    """It says so, and the coroutine is not one that was forgotten."""

    async def call_back() -> None:
        portal.run(nothing())

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeError, match="asynchronous client"):
            portal.run(call_back())
        gc.collect()


def test_it_works_in_a_thread_whose_event_loop_runs(portal: Watched) -> None:
    """That loop stands still for as long as it takes."""

    async def main() -> str:
        return portal.run(thread_name())

    assert asyncio.run(main()) == "fastmcp-portal"


def test_it_works_in_the_worker_threads_of_another_loop(portal: Watched) -> None:
    """Also when what runs in the portal needs a worker thread, and all of them wait for it."""
    limit = 64

    async def inner() -> int:
        return await run_in_thread(lambda: 1)

    async def main() -> list[int]:
        waiting = (run_in_thread(lambda: portal.run(inner())) for _ in range(limit))
        return await asyncio.wait_for(asyncio.gather(*waiting), SECONDS)

    assert asyncio.run(main()) == [1] * limit


def test_a_pool_may_have_a_thread_more_while_one_waits(
    portal: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a pool of one does not wait for itself."""
    alone = WorkerThreads(limit=1)
    monkeypatch.setattr("fastmcp._runtime.threads.workers", alone)
    monkeypatch.setattr("fastmcp._runtime.portal.workers", alone)

    async def inner() -> int:
        return await run_in_thread(lambda: 2)

    async def main() -> int:
        outer = run_in_thread(lambda: portal.run(inner()))
        return await asyncio.wait_for(outer, SECONDS)

    assert asyncio.run(main()) == 2


def test_a_request_that_nobody_waits_for_gives_up_what_it_waits_for(portal: Watched) -> None:
    """The worker thread that serves it is free soon after."""
    sleeper = Sleeper()
    raised: list[type[BaseException]] = []
    done = threading.Event()

    def tool() -> None:
        try:
            portal.run(sleeper())
        except BaseException as error:
            raised.append(type(error))
        try:
            portal.run(nothing())
        except BaseException as error:
            raised.append(type(error))
        done.set()

    async def main() -> None:
        request = asyncio.create_task(run_in_thread(tool))
        assert await asyncio.to_thread(sleeper.began.wait, SECONDS)
        request.cancel()
        assert await asyncio.to_thread(done.wait, SECONDS)

    asyncio.run(main())

    assert raised == [asyncio.CancelledError] * 2
    assert sleeper.cancelled.wait(SECONDS)


def test_a_hold_that_is_abandoned_closes_what_it_was_for(portal: Watched) -> None:
    """In the loop, soon, and then lets go of it; an error of the closing is not in the way."""
    closed = threading.Event()

    async def close() -> None:
        closed.set()
        raise OSError("the server has gone")

    hold = portal.hold(close)
    [thread] = portal.threads
    hold.abandon()
    thread.join(SECONDS)

    assert closed.is_set() and not hold.valid
    hold.abandon()


EXITS = {
    "in order": "portal.run(use()); hold.release()",
    "forgotten": "portal.run(use())",
    "by sys.exit": "portal.run(use()); sys.exit(0)",
    "with work under way": (
        "portal.run(use());"
        "threading.Thread(target=portal.run, args=(asyncio.sleep(600),), daemon=True).start()"
    ),
    "with a closing that hangs": "stuck = True; portal.run(use()); module.PATIENCE = 0.1",
}
PROGRAM = """
import asyncio, sys, threading
from fastmcp._runtime import portal as module

portal, stuck = module.portal, False

async def use():
    global lock
    lock = asyncio.create_task(asyncio.sleep(600))
    print("used", flush=True)

async def close():
    if stuck:
        await asyncio.sleep(600)
    print("closed", flush=True)

hold = portal.hold(close)
"""


@pytest.mark.parametrize("way", EXITS)
def test_a_program_that_uses_it_ends(way: str) -> None:
    """At once, with code 0 and no word, whatever it forgot; what it held is closed."""
    run = run_python("-X", "dev", "-W", "error", "-c", PROGRAM + EXITS[way])

    assert (run.returncode, run.stderr) == (0, "")
    expected = ["used"] if way in ("in order", "with a closing that hangs") else ["used", "closed"]
    assert run.stdout.split() == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_has_one_of_its_own() -> None:
    """The parent's thread is not there; neither is harmed by what the other does."""
    program = PROGRAM + (
        "import os, warnings\n"
        "warnings.simplefilter('ignore', DeprecationWarning)\n"
        "portal.run(use())\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    assert not hold.valid\n"
        "    hold.release(); hold.abandon()\n"
        "    assert portal.run(asyncio.sleep(0, 'child')) == 'child'\n"
        "    sys.exit(7)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n"
        "assert hold.valid and portal.run(asyncio.sleep(0.01, 'parent')) == 'parent'\n"
    )

    run = run_python("-W", "error", "-c", program)

    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.split() == ["used", "closed"]


def test_work_is_closed_when_no_thread_can_be_started(
    portal: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is that of the thread, and no coroutine is left over."""

    def refuse(_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        portal.run(nothing())
    monkeypatch.undo()

    assert portal.run(thread_name()) == "fastmcp-portal"


def each_in_a_thread(functions: list[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(len(functions)) as pool:
        return [future.result(SECONDS) for future in map(pool.submit, functions)]


def test_starting_and_ending_at_once_is_in_order(portal: Watched) -> None:
    """Threads that come while the last one leaves find a portal that runs."""

    def come_and_go() -> bool:
        return all(portal.run(thread_name()) == "fastmcp-portal" for _ in range(30))

    assert all(each_in_a_thread([come_and_go] * 8))
