"""The backplane of one process: bounded, and shared by its threads."""

from __future__ import annotations

import asyncio
import threading
import tracemalloc

from fastmcp.server.backplane import MemoryBackplane

from .hearing import Ear


class Clock:
    """A clock that somebody sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_over_takes_no_room() -> None:
    """Although nobody asks for it again."""
    clock = Clock()
    backplane = MemoryBackplane(clock=clock)

    async def fill() -> None:
        for n in range(5_000):
            clock.now += 1
            await backplane.put(f"k{n}", bytes(1_000), ttl=100)
            await backplane.append(f"l{n}", bytes(1_000), limit=10, ttl=100)
            await backplane.join(f"g{n}", "m" * 1_000, limit=10, ttl=100)
        assert await backplane.get("k4999") == bytes(1_000)

    tracemalloc.start()
    try:
        asyncio.run(fill())
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_threads_share_it() -> None:
    """Each hears in its own event loop; one whose loop is gone keeps nobody from publishing."""
    backplane = MemoryBackplane()
    ready, heard_in = threading.Event(), list[int]()

    async def other() -> None:
        heard = asyncio.Event()

        def hear(message: bytes | None) -> None:
            heard_in.append(threading.get_ident())
            heard.set()

        await backplane.subscribe("t", hear)
        ready.set()
        await heard.wait()
        while not await backplane.swap("n", b"1", b"2"):
            await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: asyncio.run(other()))
    thread.start()

    async def main() -> None:
        await asyncio.to_thread(ready.wait, 10)
        await backplane.publish("t", b"m")
        await backplane.put("n", b"1")
        await asyncio.to_thread(thread.join, 10)
        assert await backplane.get("n") == b"2"
        ear = Ear()
        await backplane.subscribe("t", ear)
        await backplane.publish("t", b"1")
        await ear.waits_for(b"1")

    asyncio.run(main())
    assert heard_in == [thread.ident]


def test_a_new_process_goes_on_with_later_positions() -> None:
    """What a client remembers of one that ended does not hide what is new."""

    async def main() -> None:
        before = await MemoryBackplane().append("l", b"old", limit=10, ttl=60)
        after = MemoryBackplane()
        await after.append("l", b"new", limit=10, ttl=60)
        assert [entry for _, entry in await after.entries("l", before)] == [b"new"]

    asyncio.run(main())


def test_a_message_that_nobody_hears_is_told_of() -> None:
    """Whoever published it may have to say it again."""

    async def main() -> None:
        backplane = MemoryBackplane()
        ear = Ear()
        assert not await backplane.publish("topic", b"1")
        await backplane.subscribe("topic", ear)
        assert await backplane.publish("topic", b"2")
        await backplane.unsubscribe("topic", ear)
        assert not await backplane.publish("topic", b"3")

    asyncio.run(main())
