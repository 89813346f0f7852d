"""The engine within a process: nothing of Docket's before somebody asks for it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from threading import enumerate as all_threads

import pytest
from processes import run_python

from fastmcp.exceptions import ConfigurationError
from fastmcp.server.tasks.engines.memory_engine import MemoryEngine

from .working import Runs, make_engine, opened, until, working


def threads_of_docket() -> int:
    """How many threads there are besides those of event loops."""
    return sum(not each.name.startswith("asyncio_") for each in all_threads())


async def test_engines_in_memory_have_nothing_in_common() -> None:
    """Two of one name, in one event loop."""
    one, other = Runs(), Runs()
    async with (
        opened(make_engine("memory://", "q")) as mine,
        opened(make_engine("memory://", "q")) as theirs,
    ):
        await mine.enqueue("a", 1)
        await theirs.enqueue("b", 1)
        async with working(mine, one), working(theirs, other):
            await until(lambda: one.ended and other.ended)

    assert (one.begun, other.begun) == ([("a", 1)], [("b", 1)])


async def test_legs_wait_for_room_and_begin_in_their_order() -> None:
    """No more at once than the worker may run."""
    runs = Runs()
    runs.held = {"0", "1", "2"}
    async with opened(make_engine("memory://", "q")) as engine, working(engine, runs, 2):
        for number in range(4):
            await engine.enqueue(str(number), 1)
        await until(lambda: len(runs.begun) == 2)
        runs.held.discard("1")
        await until(lambda: len(runs.begun) == 3)
        runs.held.clear()
        await until(lambda: len(runs.ended) == 4)

    assert runs.begun == [(str(number), 1) for number in range(4)]


async def test_docket_is_lent_with_a_worker_that_runs_what_it_is_given() -> None:
    """The same to all who ask, until the engine is closed; its threads end with it."""
    from docket import Docket, Worker

    engine, done = make_engine("memory://", "q"), []
    assert isinstance(engine, MemoryEngine)
    before = threads_of_docket()

    async def greet(name: str) -> None:
        done.append(name)

    async with opened(engine), working(engine, Runs()):
        assert engine.docket is None
        docket, worker = await asyncio.gather(engine.lend("docket"), engine.lend("worker"))
        assert isinstance(docket, Docket) and docket.name == "q" and engine.docket is docket
        assert isinstance(worker, Worker) and worker.docket is docket
        await docket.add(greet)("Ada")
        await until(lambda: done)
    assert engine.docket is None

    await until(lambda: threads_of_docket() <= before)
    assert done == ["Ada"]


async def test_without_docket_who_asks_for_it_is_told_the_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Legs are run all the same."""
    monkeypatch.setitem(sys.modules, "docket", None)
    engine, runs = make_engine("memory://", "q"), Runs()
    assert isinstance(engine, MemoryEngine)
    async with opened(engine), working(engine, runs):
        with pytest.raises(ConfigurationError, match=r"pip install 'peregrine-mcp\[tasks\]'"):
            await engine.lend("docket")
        await engine.enqueue("a", 1)
        await until(lambda: runs.ended)


def test_a_task_in_memory_needs_no_docket(script: Callable[..., Path]) -> None:
    """Nor Redis' client: neither is loaded."""
    path = script("""
        import asyncio, sys
        from fastmcp import Client, FastMCP

        mcp = FastMCP("a", tasks=True)

        @mcp.tool
        async def add(a: int, b: int) -> int:
            return a + b

        async def main():
            async with Client(mcp) as client:
                task = await client.call_tool("add", {"a": 1, "b": 2}, task=True)
                print((await task.result()).data)

        asyncio.run(main())
        print("docket" in sys.modules, "redis" in sys.modules)
    """)
    assert run_python(str(path)).stdout.split() == ["3", "False", "False"]
