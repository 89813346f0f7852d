"""What every backplane does, whatever it keeps things in."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

import pytest
from left_behind import nothing_left

from fastmcp.server.backplane import Backplane

from .conftest import opened
from .hearing import Ear, becomes, until

Make = Callable[[], Backplane]
ANY = bytes(range(256)) + b"\r\n*1\r\n"
NAME = "a name: with \u00fc, spaces/and\nlines"


def test_a_value_is_what_was_put_last(make: Make) -> None:
    """Any bytes under any text, for everybody who shares the backplane."""

    async def main() -> None:
        ours, theirs = make(), make()
        async with opened(ours, theirs):
            assert await ours.get(NAME) is None
            await ours.put(NAME, ANY)
            assert await theirs.get(NAME) == ANY
            await theirs.put(NAME, b"", ttl=60)
            assert await ours.get(NAME) == b""
            assert await ours.get(NAME + " ") is None
            large = ANY * 20_000
            await ours.put("large", large)
            assert await theirs.get("large") == large
            assert await theirs.delete(NAME) is True
            assert await ours.delete(NAME) is False
            assert await ours.get(NAME) is None

    asyncio.run(main())


def test_one_of_those_who_add_a_value_has_added_it(make: Make) -> None:
    """The others are told no, and what is there stays."""

    async def main() -> None:
        ours, theirs = make(), make()
        async with opened(ours, theirs):
            added = await asyncio.gather(
                *[(ours, theirs)[n % 2].add("k", b"%d" % n, ttl=60) for n in range(20)]
            )
            assert sorted(added) == [False] * 19 + [True]
            assert await ours.get("k") == b"%d" % added.index(True)
            await ours.delete("k")
            assert await theirs.add("k", b"again") is True

    asyncio.run(main())


def test_a_value_is_swapped_for_what_was_read_alone(make: Make) -> None:
    """So that counting together by get and swap misses nothing."""

    async def main() -> None:
        ours, theirs = make(), make()

        async def count(backplane: Backplane) -> None:
            for _ in range(10):
                while True:
                    old = await backplane.get("n")
                    assert old is not None
                    if await backplane.swap("n", old, b"%d" % (int(old) + 1), ttl=60):
                        break

        async with opened(ours, theirs):
            assert await ours.swap("n", b"0", b"1") is False
            assert await ours.get("n") is None
            await ours.put("n", b"0")
            assert await theirs.swap("n", b"1", b"2") is False
            await asyncio.gather(count(ours), count(theirs), count(ours))
            assert await ours.get("n") == b"30"

    asyncio.run(main())


def test_a_value_is_gone_after_its_time(make: Make) -> None:
    """As it was put, added, swapped or touched last; without a time it stays."""

    async def main() -> None:
        backplane = make()
        async with opened(backplane):
            await backplane.put("put", b"1", ttl=0.05)
            assert await backplane.add("add", b"1", ttl=0.05)
            await backplane.put("swap", b"0")
            assert await backplane.swap("swap", b"0", b"1", ttl=0.05)
            await backplane.put("touch", b"1")
            assert await backplane.touch("touch", 0.05)
            await backplane.put("longer", b"1", ttl=0.05)
            assert await backplane.touch("longer", 60)
            await backplane.put("for good", b"0", ttl=0.05)
            assert await backplane.swap("for good", b"0", b"1")
            for key in ("put", "add", "swap", "touch"):
                await becomes(None, lambda key=key: backplane.get(key))
                assert await backplane.touch(key, 60) is False
                assert await backplane.swap(key, b"1", b"2") is False
                assert await backplane.delete(key) is False
                assert await backplane.add(key, b"2", ttl=60) is True
            assert await backplane.get("longer") == b"1"
            assert await backplane.get("for good") == b"1"

    asyncio.run(main())


def test_a_log_is_read_from_any_position(make: Make) -> None:
    """In the order of appending, whoever appends, and apart from other logs."""

    async def main() -> None:
        ours, theirs = make(), make()
        async with opened(ours, theirs):
            assert await ours.entries(NAME) == []
            positions = [
                await (ours, theirs)[n % 2].append(NAME, ANY * n, limit=100, ttl=60)
                for n in range(6)
            ]
            await ours.append("other", b"x", limit=100, ttl=60)
            kept = [(position, ANY * n) for n, position in enumerate(positions)]
            assert await theirs.entries(NAME) == kept
            assert await theirs.entries(NAME, positions[2]) == kept[3:]
            assert await theirs.entries(NAME, positions[5]) == []
            assert len(set(positions)) == 6
            assert all(p.replace("-", "").isalnum() and p.isascii() for p in positions)

    asyncio.run(main())


@pytest.mark.parametrize("position", ["", "-", "x", "1 2", "+", "$", "\u0661", "9" * 30, "1-2-3"])
def test_a_position_that_is_none_is_an_error(make: Make, position: str) -> None:
    """It came from outside, and says nothing about what was missed."""

    async def main() -> None:
        backplane = make()
        async with opened(backplane):
            await backplane.append("log", b"x", limit=100, ttl=60)
            with pytest.raises(ValueError, match="position"):
                await backplane.entries("log", position)

    asyncio.run(main())


def test_a_log_keeps_about_as_much_as_it_may(make: Make) -> None:
    """The last entries are there, and not many more; a position that is gone still works."""

    async def main() -> None:
        backplane = make()
        async with opened(backplane):
            first = await backplane.append("log", b"0", limit=10, ttl=60)
            await asyncio.gather(
                *[backplane.append("log", b"%d" % n, limit=10, ttl=60) for n in range(1, 1000)]
            )
            entries = await backplane.entries("log")
            assert 10 <= len(entries) <= 150
            last = [b"%d" % n for n in range(1000 - len(entries), 1000)]
            assert [entry for _, entry in entries] == last
            assert await backplane.entries("log", first) == entries

    asyncio.run(main())


def test_a_log_begins_anew_after_its_time(make: Make) -> None:
    """With positions that come after all that were given before."""

    async def main() -> None:
        backplane = make()
        async with opened(backplane):
            before = await backplane.append("log", b"old", limit=10, ttl=0.05)
            await becomes([], lambda: backplane.entries("log"))
            after = await backplane.append("log", b"new", limit=10, ttl=60)
            assert await backplane.entries("log") == [(after, b"new")]
            assert await backplane.entries("log", before) == [(after, b"new")]
            assert await backplane.entries("log", after) == []

    asyncio.run(main())


def test_a_message_is_heard_by_all_who_subscribe(make: Make) -> None:
    """In the worker that published it too; in order, from the subscription on until its end."""

    async def main() -> None:
        ours, theirs = make(), make()
        async with opened(ours, theirs):
            await ours.publish(NAME, b"before")
            here, also_here, there, elsewhere = Ear(), Ear(), Ear(), Ear()
            await ours.subscribe(NAME, here)
            await ours.subscribe(NAME, here)
            await ours.subscribe(NAME, also_here)
            await theirs.subscribe(NAME, there)
            await theirs.subscribe("other", elsewhere)
            assert await ours.publish(NAME, ANY)
            assert await theirs.publish(NAME, b"")
            for ear in (here, also_here, there):
                await ear.waits_for(ANY, b"")

            await ours.unsubscribe(NAME, here)
            await ours.unsubscribe(NAME, Ear())
            await ours.unsubscribe("nobody's", here)
            await theirs.publish(NAME, b"last")
            await also_here.waits_for(ANY, b"", b"last")
            assert here.heard == [ANY, b""]
            await ours.subscribe(NAME, here)
            assert here.heard == [ANY, b""]
            assert elsewhere.heard == []

    asyncio.run(main())


def test_who_fails_to_hear_keeps_nobody_from_hearing(make: Make) -> None:
    """A fault in what hears is its own."""

    def broken(message: bytes | None) -> None:
        raise RuntimeError("broken")

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        backplane = make()
        ear = Ear()
        async with opened(backplane):
            await backplane.subscribe("topic", broken)
            await backplane.subscribe("topic", ear)
            await backplane.publish("topic", b"1")
            await backplane.publish("topic", b"2")
            await ear.waits_for(b"1", b"2")

    asyncio.run(main())


def test_a_group_has_no_more_members_than_it_may(make: Make) -> None:
    """Whoever asks at the same time; members stay members, and leave or run out."""

    async def main() -> None:
        ours, theirs = make(), make()
        async with opened(ours, theirs):
            joined = await asyncio.gather(
                *[(ours, theirs)[n % 2].join(NAME, f"m{n}", limit=3, ttl=60) for n in range(20)]
            )
            members = [f"m{n}" for n, is_one in enumerate(joined) if is_one]
            assert len(members) == 3
            assert await theirs.join("other", "m", limit=3, ttl=60)
            assert await theirs.join(NAME, members[0], limit=3, ttl=60)
            assert await theirs.join(NAME, members[0], limit=1, ttl=60)
            assert not await theirs.join(NAME, "late", limit=3, ttl=60)
            await ours.leave(NAME, members[0])
            await ours.leave(NAME, "nobody")
            assert await theirs.join(NAME, "late", limit=3, ttl=60)
            assert await ours.join(NAME, members[1], limit=3, ttl=0.05)
            await becomes(True, lambda: theirs.join(NAME, "next", limit=3, ttl=60))
            assert not await theirs.join(NAME, members[1], limit=3, ttl=60)

    asyncio.run(main())


def test_what_is_open_already_is_shared(make: Make) -> None:
    """The last one that closes it disconnects, and it can be opened again, in any event loop."""
    backplane = make()

    async def main(ear: Ear) -> None:
        await backplane.open()
        await backplane.open()
        await backplane.subscribe("topic", ear)
        await backplane.close()
        await backplane.publish("topic", b"1")
        await ear.waits_for(b"1")
        await backplane.unsubscribe("topic", ear)
        await backplane.close()

    for _ in range(2):
        asyncio.run(main(Ear()))


def test_nothing_is_left_open(make: Make) -> None:
    """No connection, thread, task or warning, also where it was used in the middle of things."""

    async def main() -> None:
        backplane, ear = make(), Ear()
        await backplane.open()
        await backplane.subscribe("topic", ear)
        tasks = [asyncio.create_task(backplane.put(f"k{n}", b"v", ttl=60)) for n in range(50)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.wait(tasks)
        await backplane.publish("topic", b"1")
        await until(lambda: ear.heard == [b"1"])
        assert [await backplane.get(f"k{n}") for n in range(1, 50, 2)] == [b"v"] * 25
        await backplane.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())  # what is loaded once stays
    gc.collect()
    with nothing_left():
        asyncio.run(main())
