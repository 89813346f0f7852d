"""Background tasks: when they run, what becomes of those that crash, and how they stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import Any

import pytest
from hurried import hurry, now

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.background import BackgroundTask, BackgroundTasks


async def forever() -> None:
    await asyncio.Event().wait()


async def deaf() -> None:
    """Does not end, whatever is done."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


async def settle() -> None:
    """Let everything happen that can happen now."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_tasks_run_inside_of_the_lifespan_and_end_in_reverse() -> None:
    """Each begins after the lifespan was entered, and has ended before it is left."""
    log: list[str] = []

    async def life(server: FastMCP) -> AsyncIterator[dict[str, str]]:
        log.append("life begins")
        yield {"queue": "jobs"}
        log.append("life ends")

    mcp = FastMCP("x", lifespan=life)

    def noting(name: str) -> Callable[[FastMCP], Any]:
        async def work(server: FastMCP) -> None:
            log.append(f"{name} begins with {server.lifespan.result['queue']}")
            try:
                await forever()
            finally:
                await asyncio.sleep(1)
                log.append(f"{name} ends")

        return work

    mcp.background(noting("one"))
    mcp.background(noting("two"))

    async def main() -> None:
        async with Client(mcp):
            await settle()

    hurry(main())
    assert log == [
        "life begins",
        "one begins with jobs",
        "two begins with jobs",
        "two ends",
        "one ends",
        "life ends",
    ]


def test_every_form_of_the_decorator_gives_the_task() -> None:
    """It has the name of its function, or its own, and can be called as the function."""
    mcp = FastMCP("x")

    @mcp.background
    async def bare() -> str:
        return "bare"

    @mcp.background(name="sweeper", every=60)
    async def with_options(server: FastMCP) -> str:
        return server.name

    async def called() -> None: ...

    handle = mcp.background(called)

    assert [task.name for task in mcp.background.tasks] == ["bare", "sweeper", "called"]
    assert isinstance(handle, BackgroundTask)
    assert {task.status for task in mcp.background.tasks} == {"new"}
    assert asyncio.run(bare()) == "bare"
    assert asyncio.run(with_options(FastMCP("y"))) == "y"


def test_a_periodic_task_waits_between_its_runs() -> None:
    """The time counts from the end of a run, so that two never overlap."""
    mcp = FastMCP("x")
    runs: list[float] = []

    @mcp.background(every=10)
    async def sweep() -> None:
        runs.append(now())
        await asyncio.sleep(3)

    async def main() -> list[str]:
        async with Client(mcp):
            await settle()
            statuses = [sweep.status]
            await asyncio.sleep(5)
            statuses.append(sweep.status)
            await asyncio.sleep(25)
        return [*statuses, sweep.status]

    assert hurry(main()) == ["running", "waiting", "stopped"]
    assert runs == [0, 13, 26]


def test_a_crash_is_reported_and_the_task_starts_again_later_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The traceback is on the server's logger; the delays double up to a minute."""
    mcp = FastMCP("crashing")
    runs: list[float] = []

    @mcp.background
    async def fragile() -> None:
        runs.append(now())
        raise ConnectionError("no broker")

    async def main() -> None:
        async with Client(mcp):
            while len(runs) < 10:
                await asyncio.sleep(1)
            assert fragile.status == "crashed"
            assert fragile.restarts == 9
            assert str(fragile.last_error) == "no broker"

    hurry(main())
    delays = [later - earlier for earlier, later in pairwise(runs)]
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    first = caplog.records[0]
    assert (first.name, first.levelno) == ("fastmcp.server.crashing", logging.ERROR)
    assert first.getMessage() == "Background task 'fragile' crashed; it starts again in 1 seconds"
    assert first.exc_info is not None
    assert isinstance(first.exc_info[1], ConnectionError)


def test_a_run_that_lasted_begins_the_delays_anew(caplog: pytest.LogCaptureFixture) -> None:
    """So does a periodic run that went well."""
    mcp = FastMCP("x")
    lengths = iter([0, 0, 0, 100, 0])
    goes_wrong = iter([True, True, False, True, True])
    lasting: list[float] = []
    periodic: list[float] = []

    @mcp.background
    async def long() -> None:
        lasting.append(now())
        await asyncio.sleep(next(lengths, 1000))
        raise ValueError

    @mcp.background(every=500, restart_delay=10)
    async def often() -> None:
        periodic.append(now())
        if next(goes_wrong, False):
            raise ValueError

    async def main() -> None:
        async with Client(mcp):
            await asyncio.sleep(900)

    hurry(main())
    assert lasting == [0, 1, 3, 7, 108, 110]
    assert periodic == [0, 10, 30, 530, 540, 560]
    assert len(caplog.records) == 9


def test_a_task_may_be_left_crashed(caplog: pytest.LogCaptureFixture) -> None:
    """With `restart=False` it ends there; the server goes on."""
    mcp = FastMCP("x")

    @mcp.background(restart=False, every=1)
    async def once() -> None:
        raise ValueError("wrong")

    async def main() -> None:
        async with Client(mcp) as client:
            await asyncio.sleep(100)
            await client.ping()

    hurry(main())
    assert (once.status, once.restarts, str(once.last_error)) == ("crashed", 0, "wrong")
    assert messages(caplog) == ["Background task 'once' crashed"]


def test_a_task_that_returns_has_finished() -> None:
    """It is not started again."""
    mcp = FastMCP("x")
    runs: list[float] = []

    @mcp.background
    async def brief() -> None:
        runs.append(now())

    async def main() -> None:
        async with Client(mcp):
            await asyncio.sleep(100)
            assert brief.status == "finished"

    hurry(main())
    assert (brief.status, runs) == ("finished", [0])


def test_a_cancellation_of_something_else_is_a_crash(caplog: pytest.LogCaptureFixture) -> None:
    """What a task waited for may be cancelled; that does not end it for good."""
    mcp = FastMCP("x")
    runs: list[float] = []

    @mcp.background
    async def waiting() -> None:
        runs.append(now())
        job = asyncio.create_task(forever())
        await asyncio.sleep(0)
        if len(runs) == 1:
            job.cancel()
        await job

    async def main() -> None:
        async with Client(mcp):
            await asyncio.sleep(10)
            assert waiting.status == "running"

    hurry(main())
    assert runs == [0, 1]
    assert isinstance(waiting.last_error, asyncio.CancelledError)


def test_a_task_that_does_not_stop_is_reported_and_left_behind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """By its name, after its own time; the rest ends as if it were not there."""
    mcp = FastMCP("x")
    ends: list[tuple[str, float]] = []

    @mcp.background
    async def orderly() -> None:
        try:
            await forever()
        finally:
            await asyncio.sleep(1)
            ends.append(("orderly", now()))

    mcp.background(deaf, name="deaf one", stop_timeout=3)
    mcp.background(deaf, name="deaf two")

    async def main() -> None:
        async with Client(mcp):
            await settle()
        ends.append(("server", now()))

    hurry(main())
    assert ends == [("orderly", 9), ("server", 9)]
    assert [task.status for task in mcp.background.tasks] == ["stopped", "stuck", "stuck"]
    assert messages(caplog) == [
        "Background task 'deaf two' did not stop within 5 seconds and is left behind",
        "Background task 'deaf one' did not stop within 3 seconds and is left behind",
    ]


def test_a_task_may_answer_its_end_by_returning() -> None:
    """It counts as stopped, and a periodic one does not run again."""
    mcp = FastMCP("x")
    runs: list[float] = []

    @mcp.background(every=1)
    async def polite() -> None:
        runs.append(now())
        try:
            await forever()
        except asyncio.CancelledError:
            return

    async def main() -> None:
        async with Client(mcp):
            await settle()
        assert now() == 0

    hurry(main())
    assert (polite.status, runs) == ("stopped", [0])


def test_a_task_that_fails_while_it_stops_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    """It has stopped all the same, and so do the others."""
    mcp = FastMCP("x")
    mcp.background(forever)

    @mcp.background
    async def clumsy() -> None:
        try:
            await forever()
        finally:
            raise OSError("disk full")

    async def main() -> None:
        async with Client(mcp):
            await settle()

    hurry(main())
    assert [task.status for task in mcp.background.tasks] == ["stopped", "stopped"]
    assert isinstance(clumsy.last_error, OSError)
    assert messages(caplog) == ["Background task 'clumsy' failed while it stopped"]


def test_a_task_that_is_added_to_a_running_server_starts_at_once() -> None:
    """From a function of either kind, and it does not belong to that function's request."""
    mcp = FastMCP("x")
    started: list[Any] = []
    both = asyncio.Event()

    async def work() -> None:
        started.append(Context.current_or_none())
        if len(started) == 2:
            both.set()
        await forever()

    @mcp.tool
    def from_a_thread() -> None:
        mcp.background(work)

    @mcp.tool
    async def from_the_loop() -> None:
        mcp.background(work)

    async def main() -> list[str]:
        async with Client(mcp) as client, asyncio.timeout(20):
            await client.call_tool("from_a_thread")
            await client.call_tool("from_the_loop")
            await both.wait()
            return [task.status for task in mcp.background.tasks]

    assert asyncio.run(main()) == ["running", "running"]
    assert started == [None, None]
    assert [task.status for task in mcp.background.tasks] == ["stopped", "stopped"]


def test_tasks_start_again_with_the_next_lifespan(caplog: pytest.LogCaptureFixture) -> None:
    """Their counts begin at zero."""
    mcp = FastMCP("x")
    broken = True

    @mcp.background
    async def work() -> None:
        if broken:
            raise ValueError
        await forever()

    async def main() -> tuple[str, int, Any]:
        async with Client(mcp):
            await asyncio.sleep(2)
            return work.status, work.restarts, work.last_error and type(work.last_error)

    assert hurry(main()) == ("crashed", 1, ValueError)
    broken = False
    assert hurry(main()) == ("running", 0, None)


def plain() -> None: ...


async def demanding(server: FastMCP, database: str) -> None: ...


async def named(*, database: str) -> None: ...


async def generating() -> AsyncIterator[None]:
    yield


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (plain, "plain cannot run in the background: it is not an async function"),
        (generating, "generating cannot run"),
        (demanding, "demanding wants server, database; a background task takes nothing, or the"),
        (named, "named wants database"),
    ],
)
def test_a_function_that_cannot_run_so_is_refused(function: Any, text: str) -> None:
    """When it is registered, with the reason."""
    with pytest.raises(ConfigurationError, match=text):
        FastMCP("x").background(function)


def test_options_are_checked_when_a_task_is_declared() -> None:
    """Times are more than nothing, and an unknown option is an error."""
    with pytest.raises(ConfigurationError, match="every="):
        FastMCP("x").background(forever, every=0)
    with pytest.raises(ConfigurationError, match="restart_delay="):
        FastMCP("x").background(forever, restart_delay=0)
    with pytest.raises(TypeError, match="evry"):
        FastMCP("x").background(forever, evry=1)  # type: ignore[call-overload]


def test_parameters_with_defaults_keep_them() -> None:
    """Only what a function needs is given to it."""
    mcp = FastMCP("x")
    seen: list[Any] = []

    @mcp.background
    async def work(batch: int = 10) -> None:
        seen.append(batch)

    async def main() -> None:
        async with Client(mcp):
            await settle()

    hurry(main())
    assert seen == [10]


def test_tasks_of_ones_own_are_stopped_together() -> None:
    """Coroutines and functions, the latest first, at the end of the block."""
    ends: list[str] = []

    async def work(name: str = "function") -> None:
        try:
            await forever()
        finally:
            ends.append(name)

    async def main() -> list[tuple[str, str]]:
        async with BackgroundTasks() as tasks:
            started = [
                tasks.start(work("coroutine")),
                tasks.start(work, name="second"),
                tasks.start(asyncio.sleep(0), name="brief"),
            ]
            await settle()
            assert [task.name for task in tasks.tasks] == ["work", "second", "brief"]
            tasks.start(work("never began"))
            assert "brief" not in [task.name for task in tasks.tasks]
        return [(task.name, task.status) for task in started]

    assert hurry(main()) == [("work", "stopped"), ("second", "stopped"), ("brief", "finished")]
    assert ends == ["function", "coroutine"]


def test_stopping_all_takes_no_longer_than_said(caplog: pytest.LogCaptureFixture) -> None:
    """However many are deaf; those that listen still have a moment."""

    async def main() -> tuple[float, list[str]]:
        tasks = BackgroundTasks()
        started = [
            tasks.start(forever),
            *[tasks.start(deaf, name=f"deaf {i}") for i in range(10)],
            tasks.start(forever),
        ]
        await settle()
        await tasks.stop_all(timeout=5)
        return now(), [task.status for task in started]

    passed, statuses = hurry(main())
    assert 5 <= passed < 6
    assert statuses == ["stopped", *["stuck"] * 10, "stopped"]
    assert len(caplog.records) == 10


def test_tasks_of_ones_own_are_restarted_on_request(caplog: pytest.LogCaptureFixture) -> None:
    """By default a crash is the end; a coroutine cannot be repeated at all."""

    async def crash() -> None:
        raise ValueError

    async def main() -> tuple[str, int]:
        async with BackgroundTasks() as tasks:
            once = tasks.start(crash)
            again = tasks.start(crash, restart=True)
            await asyncio.sleep(2)
            with pytest.raises(ConfigurationError, match="runs once"):
                tasks.start(crash(), restart=True)
            with pytest.raises(ConfigurationError, match="runs once"):
                tasks.start(crash(), every=5)
            return once.status, again.restarts

    assert hurry(main()) == ("crashed", 1)
    assert {record.name for record in caplog.records} == {"fastmcp.background"}


def test_one_task_can_be_stopped_by_itself() -> None:
    """The others go on, and it starts again when it is told to."""
    mcp = FastMCP("x")
    one = mcp.background(forever, name="one")
    two = mcp.background(forever, name="two")

    async def main() -> list[str]:
        async with Client(mcp):
            await settle()
            await one.stop()
            statuses = [one.status, two.status]
            one.begin()
            return [*statuses, one.status, repr(one)]

    assert hurry(main()) == ["stopped", "running", "running", "<BackgroundTask 'one': running>"]
