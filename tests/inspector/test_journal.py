"""What an inspector keeps of what happened."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastmcp.inspector.journal import Journal


async def read(stream: AsyncGenerator[bytes], until: str) -> list[tuple[str, Any]]:
    """The events of a stream, up to the first of that name."""
    found: list[tuple[str, Any]] = []
    rest = ""
    async for piece in stream:
        *events, rest = (rest + piece.decode()).split("\n\n")
        for event in events:
            head, _, data = event.partition("data: ")
            name = head.splitlines()[0].removeprefix("event: ")
            found.append((name, json.loads(data)))
        if found and found[-1][0] == until:
            break
    return found


async def test_who_comes_hears_what_was_and_what_is_so() -> None:
    """From where they were on, then all that happens."""
    journal = Journal()
    for number in range(5):
        journal.add("message", text=str(number))

    async with aclosing(journal.follow(2, lambda: {"now": True})) as stream:
        before = await read(stream, "snapshot")
        journal.add("end")
        after = await read(stream, "end")

    assert [each["text"] for name, each in before if name == "message"] == ["2", "3", "4"]
    assert before[-1] == ("snapshot", {"first": 1, "now": True})
    assert [name for name, _ in after] == ["end"]


async def test_the_oldest_are_dropped() -> None:
    """By their number and by their size, but never the last one."""
    few, small = Journal(most=3), Journal(most_bytes=500)
    for number in range(10):
        few.add("message", text=str(number))
        small.add("message", text="x" * (1000 if number == 9 else 50))

    async with aclosing(few.follow(0, dict)) as stream:
        kept = await read(stream, "snapshot")
    async with aclosing(small.follow(0, dict)) as stream:
        last = await read(stream, "snapshot")

    assert [each["seq"] for name, each in kept if name == "message"] == [8, 9, 10]
    assert [each["seq"] for name, each in last if name == "message"] == [10]


async def test_who_is_overtaken_is_told_what_is_so() -> None:
    """A page that was slow does not wait for what was dropped."""
    journal = Journal(most=2)
    async with aclosing(journal.follow(0, lambda: {"calls": []})) as stream:
        await read(stream, "snapshot")
        for _ in range(5):
            journal.add("message")
        heard = await read(stream, "snapshot")

    assert [name for name, _ in heard] == ["message", "message", "snapshot"]


async def test_a_stream_ends_with_its_journal() -> None:
    """So that whoever serves it can end."""
    journal = Journal()
    stream = journal.follow(0, dict)
    reading = asyncio.ensure_future(read(stream, "never"))
    await asyncio.sleep(0)
    journal.close()

    assert [name for name, _ in await reading] == ["snapshot"]
