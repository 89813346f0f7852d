"""EventBus over a backplane: the events of all workers."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from processes import free_port
from redis_server import redis_server

from fastmcp import Client, FastMCP
from fastmcp.events import Event, EventBus
from fastmcp.exceptions import ConfigurationError, StoreUnavailable
from fastmcp.server.backplane import MemoryBackplane, SQLiteBackplane, backplane_of

SECONDS = 20


@pytest.fixture(params=["memory", "sqlite", "redis"])
def backplane(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Any]]:
    """What gives each worker its own way to the same backplane."""
    if request.param == "memory":
        shared = MemoryBackplane()
        yield lambda: shared
    elif request.param == "sqlite":
        yield lambda: SQLiteBackplane(tmp_path / "b.db")
    else:
        with redis_server(tmp_path) as server:
            yield lambda: backplane_of(server.url)


class Heard(list[Any]):
    """What a handler got; `until` waits for more."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Condition()

    async def take(self, event: Event) -> None:
        async with self._more:
            self.append(event.data)
            self._more.notify_all()

    async def until(self, number: int) -> list[Any]:
        async with asyncio.timeout(SECONDS), self._more:
            await self._more.wait_for(lambda: len(self) >= number)
            return sorted(self)


def test_each_worker_hears_each_event_once(backplane: Callable[[], Any]) -> None:
    """Those of its own, those of others, and as history those from before it came."""

    async def main() -> None:
        async with AsyncExitStack() as stack:
            buses = [EventBus(backplane=backplane()) for _ in range(3)]
            heard = [Heard() for _ in buses]
            for bus, each in zip(buses, heard, strict=True):
                bus.subscribe("n.*", each.take)
                await stack.enter_async_context(bus)
            for number in range(30):
                await buses[number % 3].publish(f"n.{number}", number)
            for each in heard:
                assert await each.until(30) == list(range(30))
            late = EventBus(backplane=backplane(), history=10)
            other = EventBus(backplane=backplane(), name="other")
            await stack.enter_async_context(late)
            await stack.enter_async_context(other)
            assert [event.data for event in late.history()] == list(range(20, 30))
            assert other.history() == []
            last = await late.publish("n.last", {"a": [1, 2.5, None]})
            async with asyncio.timeout(SECONDS):
                while not (found := buses[0].history("n.last")):
                    await asyncio.sleep(0.01)
            [told] = found
            assert told.id == last.id
            assert (told.data, told.time) == ({"a": [1, 2.5, None]}, last.time)

    asyncio.run(main())


WORKER = """
import asyncio, sys
from fastmcp import Client, FastMCP
from fastmcp.events import EventBus

bus = EventBus(backplane=sys.argv[1])
mcp = FastMCP("worker", lifespan=bus.lifespan)

@bus.subscribe("question")
def answer(event):
    bus.publish("answer", event.data * 2)

@bus.subscribe("end")
async def end(event):
    ended.set()

async def main():
    global ended
    ended = asyncio.Event()
    async with Client(mcp):
        print("ready", flush=True)
        await ended.wait()

asyncio.run(main())
"""


def test_processes_hear_each_other_over_redis(tmp_path: Path) -> None:
    """A plain handler in another process answers."""

    async def main(url: str) -> None:
        bus = EventBus(backplane=url)
        heard = Heard()
        bus.subscribe("answer", heard.take)
        mcp = FastMCP("x", lifespan=bus.lifespan)

        @mcp.tool
        def ask(number: int) -> None:
            bus.publish("question", number)

        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, url, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        async with Client(mcp) as client:
            await client.call_tool("ask", {"number": 21})
            assert await heard.until(1) == [42]
            await bus.publish("end")
            async with asyncio.timeout(SECONDS):
                assert await process.wait() == 0

    with redis_server(tmp_path) as server:
        asyncio.run(main(server.url))


def test_what_was_missed_is_heard_when_redis_is_back(tmp_path: Path) -> None:
    """Publishing meanwhile is an error, and nobody is told of what could not be sent."""
    port = free_port()

    async def main() -> None:
        heard, local = Heard(), Heard()
        with redis_server(tmp_path, port=port) as server:
            far, near = (EventBus(backplane=server.url) for _ in range(2))
            far.subscribe("*", heard.take)
            near.subscribe("*", local.take)
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(far)
                await stack.enter_async_context(near)
                await near.publish("a", 1)
                assert await heard.until(1) == [1]
                server.process.kill()
                server.process.wait()
                with pytest.raises(StoreUnavailable):
                    await near.publish("b", 2)
                assert (list(local), len(near.history())) == ([1], 1)
                with redis_server(tmp_path, port=port):
                    number = 3
                    async with asyncio.timeout(SECONDS):
                        while len(heard) < 2:
                            try:
                                await near.publish("c", number)
                            except StoreUnavailable:
                                await asyncio.sleep(0.05)
                            number += 1
                    assert 2 not in heard

    asyncio.run(main())


def test_data_without_json_is_refused_and_foreign_entries_are_skipped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A bus that shares needs what other processes can read."""

    async def main() -> None:
        backplane = MemoryBackplane()
        await backplane.append("events:events", b"{]", limit=9, ttl=9)
        foreign = {"type": "x", "data": 1, "id": "i", "time": 5.0, "more": 1}
        await backplane.append("events:events", json.dumps(foreign).encode(), limit=9, ttl=9)
        async with EventBus(backplane=backplane) as bus:
            assert [(event.data, event.id) for event in bus.history()] == [(1, "i")]
            with pytest.raises(ConfigurationError, match="'y' cannot be sent to other workers"):
                await bus.publish("y", object())

    asyncio.run(main())
    assert "is no event" in caplog.text


def test_a_shared_bus_is_open_in_one_loop_at_a_time() -> None:
    """And in several in turn."""
    bus = EventBus(backplane="memory://")

    async def main() -> None:
        async with bus, bus:
            await bus.publish("x")
            with pytest.raises(ConfigurationError, match="another event loop"):
                await asyncio.to_thread(lambda: asyncio.run(bus.__aenter__()))

    asyncio.run(main())
    asyncio.run(main())
    assert len(bus.history()) == 2
