"""Lifespans: their forms, their composition, and what becomes of those that fail."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
from apps import Mcp, call, http, served
from starlette.applications import Starlette
from starlette.routing import Mount

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.lifespan import (
    ComposedLifespan,
    ContextManagerLifespan,
    Lifespan,
    lifespan,
)
from fastmcp.utilities.lifespan import combine_lifespans


def opening(log: list[str], name: str, **given: Any) -> Callable[[Any], AsyncIterator[Any]]:
    """An async generator function that notes when it is entered and left."""

    async def life(owner: Any) -> AsyncIterator[Any]:
        log.append(f"{name} opens")
        yield given
        log.append(f"{name} closes")

    return life


def context_of(life: Any) -> Any:
    """What a tool of a server with this lifespan finds in its context."""

    async def main() -> Any:
        mcp = FastMCP("x", lifespan=life)
        found: list[Any] = []

        @mcp.tool
        def look(ctx: Context) -> None:
            found.append(ctx.lifespan_context)

        async with Client(mcp) as client:
            await client.call_tool("look")
        return found[0]

    return asyncio.run(main())


def generator(server: FastMCP) -> AsyncGenerator[dict[str, str]]:
    async def generate() -> AsyncGenerator[dict[str, str]]:
        yield {"name": server.name}

    return generate()


async def generating(server: FastMCP) -> AsyncGenerator[dict[str, str]]:
    yield {"name": server.name}


class Generating:
    async def __call__(self, server: FastMCP) -> AsyncGenerator[dict[str, str]]:
        yield {"name": server.name}


@pytest.mark.parametrize(
    "life",
    [
        pytest.param(asynccontextmanager(generating), id="context manager function"),
        pytest.param(generating, id="async generator function"),
        pytest.param(generator, id="function that gives an async generator"),
        pytest.param(Generating(), id="object"),
        pytest.param(lifespan(generating), id="decorated"),
        pytest.param(Lifespan(asynccontextmanager(generating)), id="Lifespan"),
        pytest.param(ContextManagerLifespan(asynccontextmanager(generating)), id="ContextManager"),
        pytest.param(ComposedLifespan(generating, Generating()), id="Composed"),
    ],
)
def test_a_lifespan_may_have_any_form(life: Any) -> None:
    """What it yields is there for every call."""
    assert context_of(life) == {"name": "x"}


def test_a_lifespan_may_yield_nothing_or_an_object() -> None:
    """None is an empty mapping; an object of the user's own class comes as it is."""

    @dataclass
    class Services:
        database: str

    async def nothing(server: FastMCP) -> AsyncIterator[None]:
        yield

    async def services(server: FastMCP) -> AsyncIterator[Services]:
        yield Services("postgres")

    assert context_of(nothing) == {}
    assert context_of(lifespan(nothing)) == {}
    assert context_of(services) == Services("postgres")
    assert context_of(None) == {}


def test_composed_lifespans_are_entered_from_the_left_and_left_from_the_right() -> None:
    """Their mappings are merged, and the right one wins."""
    log: list[str] = []
    a = lifespan(opening(log, "a", a=1, x="a"))
    b = lifespan(opening(log, "b", b=2, x="b"))
    c = lifespan(opening(log, "c", c=3))

    assert context_of(a | b | c) == {"a": 1, "b": 2, "c": 3, "x": "b"}
    assert log == ["a opens", "b opens", "c opens", "c closes", "b closes", "a closes"]


def test_a_lifespan_composes_with_plain_functions_on_either_side() -> None:
    """One of the two has to be a Lifespan; the other may be a function of any form."""
    log: list[str] = []
    plain = opening(log, "plain", plain=1)
    managed = asynccontextmanager(opening(log, "managed", managed=2))
    made = lifespan(opening(log, "made", made=3))

    assert context_of(plain | made | managed) == {"plain": 1, "made": 3, "managed": 2}
    assert log[:3] == ["plain opens", "made opens", "managed opens"]
    with pytest.raises(TypeError):
        made | "database"  # type: ignore[operator]


def test_composed_lifespans_yield_mappings() -> None:
    """Anything else is refused by the name of the function, and what was opened is closed."""
    log: list[str] = []

    async def pool(server: FastMCP) -> AsyncIterator[int]:
        try:
            yield 7
        finally:
            log.append("pool closes")

    with pytest.raises(TypeError, match=r"pool yielded int"):
        context_of(lifespan(pool) | opening(log, "a"))
    assert log == ["pool closes"]


async def forgot_to_yield(server: FastMCP) -> dict[str, int]:
    return {}


def plain_function(server: FastMCP) -> dict[str, int]:
    return {}


@pytest.mark.parametrize("wrong", [forgot_to_yield, plain_function, lifespan(plain_function)])
def test_a_function_that_is_no_lifespan_is_told_so(wrong: Any) -> None:
    """The error names it, and says what is probably missing."""
    name = wrong.__qualname__
    with pytest.raises(TypeError, match=rf"{name} gave (coroutine|dict). Is there no `yield`"):
        context_of(wrong)


def test_a_lifespan_that_cannot_be_called_is_refused_at_once() -> None:
    """The constructor says which keyword it was."""
    with pytest.raises(ConfigurationError, match=r"^lifespan="):
        FastMCP("x", lifespan={"database": 1})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"^session_lifespan="):
        FastMCP("x", session_lifespan="later")  # type: ignore[arg-type]


def failing_at_the_end(text: str) -> Any:
    async def life(owner: Any) -> AsyncIterator[None]:
        yield
        raise RuntimeError(text)

    return life


def test_a_lifespan_that_fails_at_its_end_does_not_keep_others_from_theirs() -> None:
    """They need no `finally`; the error is raised when all have ended."""
    log: list[str] = []
    a, c = opening(log, "a"), opening(log, "c")

    with pytest.raises(RuntimeError, match="no more"):
        context_of(lifespan(a) | failing_at_the_end("no more") | c)
    assert log[2:] == ["c closes", "a closes"]


def test_all_errors_at_the_end_are_raised() -> None:
    """Several of them as a group."""
    both = combine_lifespans(failing_at_the_end("one"), failing_at_the_end("two"))

    async def main() -> None:
        async with both(None):
            pass

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(main())
    assert sorted(map(str, caught.value.exceptions)) == ["one", "two"]


def test_what_was_opened_before_a_failure_is_closed() -> None:
    """The right lifespan cannot start, so the left one ends."""
    log: list[str] = []

    async def left(server: FastMCP) -> AsyncIterator[None]:
        try:
            yield
        finally:
            log.append("left closes")

    async def right(server: FastMCP) -> AsyncIterator[None]:
        raise ConnectionError("no database")
        yield

    with pytest.raises(ConnectionError, match="no database"):
        context_of(lifespan(left) | right)
    assert log == ["left closes"]


def test_the_task_that_enters_a_lifespan_leaves_it() -> None:
    """A cancel scope inside of it demands that, and its users come and go in tasks of their own."""
    ended: list[str] = []

    @asynccontextmanager
    async def scoped(server: FastMCP) -> AsyncGenerator[None]:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep_forever)
            yield
            group.cancel_scope.cancel()
        ended.append("in order")

    async def main() -> None:
        mcp = FastMCP("x", lifespan=scoped)
        first_is_there, second_is_there = asyncio.Event(), asyncio.Event()

        async def first() -> None:
            async with Client(mcp):
                first_is_there.set()
                await second_is_there.wait()

        async def second() -> None:
            await first_is_there.wait()
            async with Client(mcp) as client:
                second_is_there.set()
                await going
                await client.ping()

        going = asyncio.create_task(first())
        await second()

    asyncio.run(main())
    assert ended == ["in order"]


def test_what_fails_within_a_lifespan_is_logged_when_it_does(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A task group of the lifespan's ends it early; the server goes on, and the end raises it."""
    crash = asyncio.Event()

    async def watcher() -> None:
        await crash.wait()
        raise ValueError("lost the queue")

    @asynccontextmanager
    async def grouped(server: FastMCP) -> AsyncGenerator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(watcher())
            yield

    async def main() -> None:
        async with Client(FastMCP("x", lifespan=grouped)) as client:
            crash.set()
            while not caplog.records:
                await client.ping()

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(main())
    assert caught.group_contains(ValueError, match="lost the queue")
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert "'x' ended while the server was running" in record.getMessage()
    assert record.exc_info is not None


def test_giving_up_while_a_lifespan_starts_undoes_it() -> None:
    """What was opened is closed before the client is told, and the next one starts it anew."""
    log: list[str] = []
    slow = asyncio.Event()

    async def life(server: FastMCP) -> AsyncIterator[dict[str, bool]]:
        log.append("opens")
        try:
            await slow.wait()
            yield {"open": True}
        finally:
            log.append("closes")

    async def main() -> None:
        mcp = FastMCP("x", lifespan=life)
        impatient = asyncio.create_task(Client(mcp).__aenter__())
        while not log:
            await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.wait([impatient])
        log.append("given up")
        slow.set()
        async with Client(mcp):
            assert mcp.lifespan.result == {"open": True}
        assert mcp.lifespan.result == {}

    asyncio.run(main())
    assert log == ["opens", "closes", "given up", "opens", "closes"]


def test_a_lifespan_that_nobody_ends_ends_with_the_loop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """That of an application mounted without it; what follows its `yield` runs, too."""
    log: list[str] = []
    mcp = FastMCP("x", lifespan=opening(log, "a"))
    parent = Starlette(routes=[Mount("/", mcp.http_app())])

    for _ in range(2):  # the same application, served again
        with http(parent) as client:
            client.open()
    assert log == ["a opens", "a closes"] * 2
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2


def test_loops_in_several_threads_share_a_lifespan() -> None:
    """It ends in the loop that began it, although its last user lives in another one."""
    loops: list[asyncio.AbstractEventLoop] = []

    @asynccontextmanager
    async def life(server: FastMCP) -> AsyncGenerator[dict[str, int]]:
        loops.append(asyncio.get_running_loop())
        yield {"number": len(loops)}
        loops.append(asyncio.get_running_loop())

    mcp = FastMCP("x", lifespan=life)

    @mcp.tool
    def number(ctx: Context) -> int:
        return ctx.lifespan_context["number"]

    def ask(base: str) -> str:
        with Mcp(base) as client:
            return client.post(call("number")).json()["result"]["content"][0]["text"]

    async def main() -> None:
        with ExitStack() as stack:
            async with Client(mcp) as client:
                base = stack.enter_context(served(mcp))
                assert await asyncio.to_thread(ask, base) == "1"
                assert (await client.call_tool("number")).data == 1
            assert await asyncio.to_thread(ask, base) == "1"
            assert len(loops) == 1
            await asyncio.to_thread(stack.close)

    asyncio.run(main())
    assert len(loops) == 2
    assert loops[0] is loops[1]


def test_combined_lifespans_serve_a_host_application() -> None:
    """The application's own comes first, the server's second; they end in reverse."""
    log: list[str] = []

    async def own(app: Starlette) -> AsyncIterator[dict[str, int]]:
        log.append("own opens")
        yield {"pool": 1}
        log.append("own closes")

    mcp = FastMCP("x", lifespan=opening(log, "server"))
    app = mcp.http_app()
    both = combine_lifespans(own, app.lifespan)
    parent = Starlette(routes=[Mount("/", app)], lifespan=both)

    with http(parent) as client:
        client.open()
    assert log == ["own opens", "server opens", "server closes", "own closes"]


def test_combined_lifespans_merge_what_they_yield() -> None:
    """Later ones win; those that yield nothing add nothing."""
    log: list[str] = []
    combined = combine_lifespans(
        opening(log, "a", x=1, y=1), asynccontextmanager(opening(log, "b", y=2)), generating
    )

    async def main() -> dict[str, Any]:
        async with combined(FastMCP("z")) as merged:
            return merged

    assert asyncio.run(main()) == {"x": 1, "y": 2, "name": "z"}


def test_a_program_may_exit_while_its_server_starts() -> None:
    """`sys.exit` in a lifespan is not an error of the server's."""

    async def leaving(server: FastMCP) -> AsyncIterator[None]:
        raise SystemExit("no licence")
        yield

    with pytest.raises(SystemExit, match="no licence"):
        context_of(leaving)


def test_a_lifespan_uses_its_own_server() -> None:
    """Its tools and a client, as it starts and as it ends, at once and one within the other; that
    is no use that keeps it alive.
    """
    values: list[Any] = []

    async def life(server: FastMCP) -> AsyncIterator[None]:
        values.extend(await asyncio.gather(server.call_tool("inner"), server.call_tool("outer")))
        client = Client(server)
        async with client:
            values.append((await client.call_tool("outer")).data)
        yield
        values.append(await server.call_tool("outer"))
        values.append("closes")

    mcp = FastMCP("x", lifespan=life)

    @mcp.tool
    def inner() -> str:
        return "in"

    @mcp.tool
    async def outer() -> str:
        return "out and " + await mcp.call_tool("inner")

    async def main() -> None:
        async with asyncio.timeout(20):
            async with Client(mcp) as client:
                assert (await client.call_tool("inner")).data == "in"
                assert "closes" not in values
            assert await mcp.call_tool("inner") == "in"

    asyncio.run(main())
    assert values == ["in", *["out and in"] * 3, "closes"] * 2


class Slow:
    """A server whose lifespan ends when it may."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.opened, self.ending, self.may_end = (threading.Event() for _ in range(3))
        self.mcp = FastMCP("x", lifespan=self.life)

    async def life(self, server: FastMCP) -> AsyncIterator[None]:
        self.log.append("opens")
        self.opened.set()
        yield
        self.ending.set()
        while not self.may_end.is_set():
            await asyncio.sleep(0.001)
        self.log.append("closes")


def test_who_comes_while_another_loop_ends_a_lifespan_starts_it_again() -> None:
    """After its end."""
    slow = Slow()

    async def use() -> None:
        async with Client(slow.mcp) as client:
            await client.ping()
            slow.log.append("used")

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(asyncio.run, use())
        assert slow.ending.wait(20)
        second = threads.submit(asyncio.run, use())
        assert not second.done()
        slow.may_end.set()
        first.result(20)
        second.result(20)
    assert slow.log == ["opens", "used", "closes"] * 2


def test_the_last_user_may_leave_while_the_loop_of_a_lifespan_ends() -> None:
    """It waits until the lifespan has ended, and nothing is raised."""
    slow = Slow()
    joined = threading.Event()

    async def owner() -> None:
        async with Client(slow.mcp):
            while not joined.is_set():
                await asyncio.sleep(0.001)

    async def user() -> None:
        async with Client(slow.mcp) as client:
            joined.set()
            assert await asyncio.to_thread(slow.ending.wait, 20)
            await client.ping()
            asyncio.get_running_loop().call_later(0.01, slow.may_end.set)
        assert slow.log == ["opens", "closes"]

    with ThreadPoolExecutor(2) as threads:
        home = threads.submit(asyncio.run, owner())
        assert slow.opened.wait(20)
        threads.submit(asyncio.run, user()).result(20)
        home.result(20)
