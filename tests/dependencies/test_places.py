"""Where dependencies run: plain ones in worker threads, async ones on the event loop."""
# ruff: noqa: B008 - dependencies are calls in defaults

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from fastmcp import Client, Context, FastMCP
from fastmcp.dependencies import CurrentContext, Depends

SECONDS = 20

threads: dict[str, int] = {}


@pytest.fixture(autouse=True)
def _no_threads() -> None:
    threads.clear()


def note(what: str) -> None:
    threads[what] = threading.get_ident()


def plain() -> Iterator[str]:
    note("plain opens")
    yield "plain"
    note("plain closes")


def second(first: str = Depends(plain)) -> Iterator[str]:
    note("second opens")
    yield "second"
    note("second closes")


async def on_loop() -> AsyncIterator[str]:
    note("async opens")
    yield "async"
    note("async closes")


def called(function: Any, **options: Any) -> int:
    """Call the function as a tool; the thread of the event loop."""

    async def main() -> int:
        mcp = FastMCP("x")
        mcp.tool(function, name="f", **options)
        async with Client(mcp) as client:
            await client.call_tool("f")
        return threading.get_ident()

    return asyncio.run(main())


def test_a_plain_tool_with_plain_dependencies_visits_one_thread_once() -> None:
    """So what is bound to its thread, as a database connection may be, works throughout."""

    def tool(it: str = Depends(second), context: Context = CurrentContext()) -> None:
        note("tool")

    loop = called(tool)

    assert threads.keys() == {
        "plain opens",
        "second opens",
        "tool",
        "second closes",
        "plain closes",
    }
    assert len(set(threads.values())) == 1
    assert loop not in threads.values()


def test_an_async_tool_is_not_stopped_by_plain_dependencies() -> None:
    """They run in threads, the tool and what is async on the loop."""

    async def tool(one: str = Depends(on_loop), two: str = Depends(second)) -> None:
        note("tool")

    loop = called(tool)

    assert threads["tool"] == threads["async opens"] == threads["async closes"] == loop
    assert threads["plain opens"] == threads["second opens"] != loop
    assert threads["plain closes"] == threads["second closes"] != loop


def test_a_plain_tool_with_an_async_dependency_runs_in_a_thread() -> None:
    """Only what is async is on the loop."""

    def tool(
        one: str = Depends(plain), two: str = Depends(on_loop), three: str = Depends(second)
    ) -> None:
        note("tool")

    loop = called(tool)

    assert {what for what, thread in threads.items() if thread == loop} == {
        "async opens",
        "async closes",
    }
    assert threads["second opens"] == threads["tool"] == threads["second closes"]


@pytest.mark.parametrize("is_async", [True, False])
def test_without_threads_everything_runs_on_the_loop(is_async: bool) -> None:
    """run_in_thread=False holds for dependencies, too."""

    def tool(one: str = Depends(second), two: str = Depends(on_loop)) -> None:
        note("tool")

    async def async_tool(one: str = Depends(second), two: str = Depends(on_loop)) -> None:
        note("tool")

    loop = called(async_tool if is_async else tool, run_in_thread=False)

    assert set(threads.values()) == {loop}
    assert len(threads) == 7


def test_context_variables_reach_the_tool() -> None:
    """What a dependency sets, the tool reads, from thread to loop and back."""
    who: ContextVar[str] = ContextVar("who", default="nobody")
    seen: list[str] = []

    def set_plainly() -> None:
        who.set("plain")

    async def set_on_loop() -> None:
        seen.append(who.get())
        who.set("async")

    def tool(one: None = Depends(set_plainly), two: None = Depends(set_on_loop)) -> None:
        seen.append(who.get())

    async def async_tool(one: None = Depends(set_plainly)) -> None:
        seen.append(who.get())

    called(tool)
    called(async_tool)

    assert seen == ["plain", "async", "plain"]


def test_a_cancelled_async_tool_closes_its_dependencies() -> None:
    """They see the cancellation."""
    closed: list[str] = []

    async def resource() -> AsyncIterator[str]:
        try:
            yield "it"
        except asyncio.CancelledError:
            closed.append("async")
            raise

    def plain_resource() -> Iterator[str]:
        try:
            yield "it"
        except asyncio.CancelledError:
            closed.append("plain")
            raise

    async def main() -> None:
        mcp = FastMCP("x")
        started, ended = asyncio.Event(), asyncio.Event()

        async def last() -> AsyncIterator[None]:
            yield
            ended.set()

        async def first() -> AsyncIterator[None]:
            try:
                yield
            finally:
                ended.set()

        @mcp.tool
        async def tool(
            zero: None = Depends(first),
            one: str = Depends(resource),
            two: str = Depends(plain_resource),
        ) -> None:
            started.set()
            await asyncio.Event().wait()

        async with Client(mcp) as client:
            task = asyncio.create_task(client.call_tool("tool"))
            await started.wait()
            task.cancel()
            await asyncio.wait([task])
            await asyncio.wait_for(ended.wait(), SECONDS)

    asyncio.run(main())

    assert closed == ["plain", "async"]


def test_what_a_thread_opens_after_a_cancellation_is_closed() -> None:
    """The caller does not wait for the thread; when it is done, everything closes."""
    closed: list[str] = []
    opening, go = threading.Event(), threading.Event()

    async def main() -> None:
        mcp = FastMCP("x")
        ended = asyncio.Event()

        async def first() -> AsyncIterator[None]:
            try:
                yield
            finally:
                closed.append("first")
                ended.set()

        def slow() -> Iterator[str]:
            opening.set()
            go.wait(SECONDS)
            try:
                yield "it"
            finally:
                closed.append("slow")

        @mcp.tool
        async def tool(one: None = Depends(first), two: str = Depends(slow)) -> None:
            closed.append("called")

        async with Client(mcp) as client:
            task = asyncio.create_task(client.call_tool("tool"))
            await asyncio.to_thread(opening.wait, SECONDS)
            task.cancel()
            await asyncio.wait([task])
            assert closed == []
            go.set()
            await asyncio.wait_for(ended.wait(), SECONDS)

    asyncio.run(main())

    assert closed == ["slow", "first"]
