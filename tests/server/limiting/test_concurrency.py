"""How many functions run at a time."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hurried import hurry, now
from limited import limited, outcome
from reaching import Reach, used

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, McpError
from fastmcp.server.middleware import Middleware
from fastmcp.server.middleware.concurrency import ConcurrencyLimitMiddleware


class Gauge:
    """Tools that count how many of them run, and end when the gate is opened."""

    def __init__(self, *middleware: Middleware) -> None:
        self.mcp = mcp = FastMCP("Gauge", middleware=middleware)
        self.running: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self.gate = asyncio.Event()

        @mcp.tool
        async def slow(n: int = 0) -> int:
            await self.run("slow")
            return n

        @mcp.tool
        async def other(n: int = 0) -> int:
            await self.run("other")
            return n

        @mcp.resource("data://slow")
        async def data() -> str:
            await self.run("data")
            return "data"

        @mcp.prompt
        async def greet() -> str:
            await self.run("prompt")
            return "hello"

    async def run(self, name: str) -> None:
        for each in (name, "all"):
            self.running[each] = self.running.get(each, 0) + 1
            self.most[each] = max(self.most.get(each, 0), self.running[each])
        try:
            await self.gate.wait()
            await asyncio.sleep(0.001)
        finally:
            for each in (name, "all"):
                self.running[each] -= 1

    async def until(self, **running: int) -> None:
        """Wait until so many run."""
        async with asyncio.timeout(20):
            while any(self.running.get(name) != number for name, number in running.items()):
                await asyncio.sleep(0.001)


def test_never_more_run_than_may(reach: Reach) -> None:
    """The others wait, and all are answered."""
    gauge = Gauge(ConcurrencyLimitMiddleware(3))

    async def use(client: Client) -> list[Any]:
        gauge.gate.set()
        return await asyncio.gather(*(outcome(client, "slow", {"n": n}) for n in range(20)))

    assert used(reach(gauge.mcp), use) == list(range(20))
    assert gauge.most["all"] == 3


def test_functions_of_all_kinds_are_counted_together() -> None:
    """Tools, resources and prompts; lists are not counted."""
    gauge = Gauge(ConcurrencyLimitMiddleware(2))

    async def use(client: Client) -> None:
        works = [
            asyncio.ensure_future(work)
            for _ in range(3)
            for work in (
                client.call_tool("slow"),
                client.read_resource("data://slow"),
                client.get_prompt("greet"),
            )
        ]
        await gauge.until(all=2)
        assert len(await client.list_tools()) == 2
        gauge.gate.set()
        await asyncio.gather(*works)

    used(gauge.mcp, use)
    assert gauge.most["all"] == 2


def test_a_tool_that_is_full_does_not_hold_up_others() -> None:
    """Whoever waits for it keeps no place from them."""
    gauge = Gauge(ConcurrencyLimitMiddleware(3, per_tool=2, tools={"slow": 1}))

    async def use(client: Client) -> None:
        slow = [asyncio.ensure_future(client.call_tool("slow")) for _ in range(5)]
        await gauge.until(slow=1)
        others = [asyncio.ensure_future(client.call_tool("other")) for _ in range(5)]
        await gauge.until(slow=1, other=2)
        gauge.gate.set()
        await asyncio.gather(*slow, *others)

    used(gauge.mcp, use)
    assert gauge.most == {"slow": 1, "other": 2, "all": 3}


def test_those_who_came_first_are_first() -> None:
    """The queue is one."""
    order: list[int] = []
    mcp = FastMCP("x", middleware=[ConcurrencyLimitMiddleware(1)])

    @mcp.tool
    async def note(n: int) -> None:
        await asyncio.sleep(0)
        order.append(n)

    async def use(client: Client) -> None:
        await asyncio.gather(*(client.call_tool("note", {"n": n}) for n in range(10)))

    used(mcp, use)
    assert order == list(range(10))


def test_the_queue_has_an_end(reach: Reach) -> None:
    """Who finds it full is told to come again."""
    gauge = Gauge(ConcurrencyLimitMiddleware(per_tool=1, max_queue=2))

    async def use(client: Client) -> None:
        calls = [asyncio.ensure_future(outcome(client, "slow", {"n": n})) for n in range(5)]
        done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        while len(done) < 2:
            done, _ = await asyncio.wait(calls, timeout=0.01)
        gauge.gate.set()
        found = await asyncio.gather(*calls)
        errors = [each for each in found if isinstance(each, McpError)]
        assert len(errors) == 2
        for error in errors:
            assert error.code == -32000
            assert error.message.startswith(
                "Too many calls of 'slow': 1 run at a time, and 2 requests wait already"
            )
            assert error.data == {"retry_after": 1.0}

    used(reach(gauge.mcp), use)


def test_nobody_waits_for_ever() -> None:
    """After `max_wait` seconds it is an error, and the queue goes on without that call."""
    gauge = Gauge(ConcurrencyLimitMiddleware(1, max_wait=5))

    async def main() -> None:
        async with Client(gauge.mcp, timeout=100) as client:
            first = asyncio.ensure_future(client.call_tool("slow"))
            await asyncio.sleep(1)
            error = await outcome(client, "slow")
            assert error.message.startswith(
                "Too many requests: 1 run at a time, and none ended within 5 seconds"
            )
            assert now() == 6
            next_one = asyncio.ensure_future(client.call_tool("slow", {"n": 7}))
            gauge.gate.set()
            await first
            assert (await next_one).data == 7

    hurry(main())


def test_who_gives_up_waiting_leaves_the_queue() -> None:
    """A call that is cancelled takes no place, whether it waited or had just been let in."""
    gauge = Gauge(ConcurrencyLimitMiddleware(1))

    async def use(client: Client) -> None:
        first = asyncio.ensure_future(client.call_tool("slow"))
        await gauge.until(slow=1)
        waiting = [asyncio.ensure_future(client.call_tool("slow")) for _ in range(10)]
        await asyncio.sleep(0)
        for number, call in enumerate(waiting):
            if number % 2:
                call.cancel()
        gauge.gate.set()
        await first
        for call in waiting[:4]:
            call.cancel()
        await asyncio.wait(waiting)
        assert (await client.call_tool("slow", {"n": 3})).data == 3

    used(gauge.mcp, use)
    assert gauge.running == {"slow": 0, "all": 0}
    assert gauge.most["all"] == 1


def test_a_function_may_use_its_own_server() -> None:
    """What it asks for belongs to its request: it does not wait for itself."""
    mcp = FastMCP("x", middleware=[ConcurrencyLimitMiddleware(1, tools={"inner": 1}, max_wait=5)])

    @mcp.tool
    async def inner() -> int:
        return 1

    @mcp.resource("data://a")
    def data() -> str:
        return "a"

    @mcp.tool
    async def outer(ctx: Context) -> str:
        both = await asyncio.gather(mcp.call_tool("inner"), mcp.call_tool("inner"))
        read = await ctx.read_resource("data://a")
        return f"{both} {read.contents[0].content}"

    async def use(client: Client) -> list[Any]:
        return await asyncio.gather(*(outcome(client, "outer") for _ in range(3)))

    assert used(mcp, use) == ["[1, 1] a"] * 3


def test_a_failure_gives_its_place_back() -> None:
    """And so does a call of what is not there."""
    mcp = limited(ConcurrencyLimitMiddleware(1, per_tool=1, max_queue=0))

    @mcp.tool
    def broken() -> None:
        raise RuntimeError("broken")

    async def use(client: Client) -> Any:
        for name in ("broken", "nothing", "broken"):
            await client.call_tool(
                name, raise_on_error=False
            ) if name == "broken" else await outcome(client, name)
        return await outcome(client, "echo")

    assert used(mcp, use) == "hello"


def test_a_server_that_runs_again_has_all_its_places() -> None:
    """What the first run left undone is over with it."""
    gauge = Gauge(ConcurrencyLimitMiddleware(1, max_queue=0))

    async def leave(client: Client) -> None:
        asyncio.ensure_future(client.call_tool("slow"))  # noqa: RUF006 - the end of the loop ends it
        await gauge.until(slow=1)

    async def use(client: Client) -> Any:
        gauge.gate.set()
        return await outcome(client, "slow", {"n": 1})

    used(gauge.mcp, leave)
    gauge.gate = asyncio.Event()
    assert used(gauge.mcp, use) == 1


def test_event_loops_in_several_threads_share_the_places() -> None:
    """A server that is served in more than one has one limit."""
    mcp = FastMCP("x", middleware=[ConcurrencyLimitMiddleware(2, max_queue=1000, max_wait=30)])
    lock, running = threading.Lock(), [0, 0]

    @mcp.tool
    def work() -> int:
        with lock:
            running[0] += 1
            running[1] = max(running)
        time.sleep(0.001)
        with lock:
            running[0] -= 1
        return 1

    async def use(client: Client) -> int:
        return sum(await asyncio.gather(*(outcome(client, "work") for _ in range(50))))

    with ThreadPoolExecutor() as pool:
        answered = [pool.submit(used, mcp, use) for _ in range(3)]

    assert [each.result() for each in answered] == [50] * 3
    assert running == [0, 2]


WRONG = [
    ({}, "limits nothing"),
    ({"max_concurrent": 0}, "max_concurrent=0"),
    ({"per_tool": -1}, "per_tool=-1"),
    ({"tools": {"echo": 0}}, r"tools\['echo'\]=0"),
    ({"per_tool": 1, "max_queue": -1}, "max_queue=-1"),
    ({"per_tool": 1, "max_wait": 0}, "max_wait=0"),
]


@pytest.mark.parametrize(("options", "text"), WRONG)
def test_wrong_options_are_refused(options: Any, text: str) -> None:
    """The error names the option."""
    with pytest.raises(ConfigurationError, match=text):
        ConcurrencyLimitMiddleware(**options)
