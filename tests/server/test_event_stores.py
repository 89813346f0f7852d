"""Event stores: in memory, in any key-value store, in any backplane."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from key_value.aio.stores.disk import DiskStore
from key_value.aio.stores.memory import MemoryStore
from redis_server import redis_server

from fastmcp.exceptions import ConfigurationError, StoreUnavailable
from fastmcp.server.backplane import EncryptedBackplane, MemoryBackplane, SQLiteBackplane
from fastmcp.server.event_store import BackplaneEventStore, EventLog, EventStore

KINDS = ["memory", "key-value", "memory backplane", "sqlite", "encrypted sqlite", "redis"]
Make = Callable[..., Any]


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Make a store of a kind; those after the first share with it, except in memory."""
    storage, memory = MemoryStore(), MemoryBackplane()
    file = tmp_path / "events.db"
    kind = request.param
    if kind == "redis":
        with redis_server(tmp_path) as server:
            yield lambda **options: BackplaneEventStore(server.url, **options)
        return
    makers: dict[str, Make] = {
        "memory": EventStore,
        "key-value": lambda **options: EventStore(storage, **options),
        "memory backplane": lambda **options: BackplaneEventStore(memory, **options),
        "sqlite": lambda **options: BackplaneEventStore(SQLiteBackplane(file), **options),
        "encrypted sqlite": lambda **options: BackplaneEventStore(
            EncryptedBackplane(SQLiteBackplane(file), "a passphrase that nobody guesses"),
            **options,
        ),
    }
    yield makers[kind]


async def replayed(store: EventLog, last: str) -> tuple[str | None, list[bytes]]:
    """The stream that goes on after an event, and what it sends."""
    sent: list[tuple[str, bytes]] = []

    async def send(event_id: str, message: bytes) -> None:
        sent.append((event_id, message))

    stream = await store.replay_events_after(last, send)
    for event_id, _ in sent:
        assert await store.stream_of(event_id) == stream
    return stream, [message for _, message in sent]


def run(store: Any, steps: Callable[[Any], Any]) -> Any:
    """Do something with a store that is open."""

    async def main() -> Any:
        if isinstance(store, BackplaneEventStore):
            await store.open()
        try:
            return await steps(store)
        finally:
            if isinstance(store, BackplaneEventStore):
                await store.close()

    return asyncio.run(main())


def test_what_came_after_an_event_is_replayed(make: Make) -> None:
    """Of its stream alone, in order, without what only gave an id; each event with its own id."""

    async def steps(store: EventLog) -> None:
        prime = await store.store_event("a \u00fc", None)
        ids = [await store.store_event("a \u00fc", b'{"n": %d}' % n) for n in range(3)]
        other = await store.store_event("b", b"{}")
        assert len({prime, *ids, other}) == 5
        messages = [b'{"n": 0}', b'{"n": 1}', b'{"n": 2}']
        assert await replayed(store, prime) == ("a \u00fc", messages)
        assert await replayed(store, ids[0]) == ("a \u00fc", messages[1:])
        assert await replayed(store, ids[2]) == ("a \u00fc", [])
        assert await replayed(store, other) == ("b", [])
        assert await store.stream_of(prime) == "a \u00fc"

    run(make(), steps)


def test_an_id_tells_nothing_and_is_hard_to_guess(make: Make) -> None:
    """It names its stream by an alias; what is no id belongs to no stream."""

    async def steps(store: EventLog) -> None:
        session = "5f0c1a7e"
        first = await store.store_event(session, b"1")
        second = await store.store_event(session, b"2")
        other = await store.store_event(session + "/2", b"3")
        alias = first.partition("-")[0]
        assert second.startswith(alias + "-")
        assert not other.startswith(alias)
        assert len(alias) >= 16
        assert session not in first + second + other
        for wrong in (
            "",
            "-",
            "1",
            session,
            f"{session}-1",
            f"x{first}",
            f"{alias}x-1",
            "\u0661-1",
        ):
            assert await store.stream_of(wrong) is None
            assert await replayed(store, wrong) == (None, [])
        assert await replayed(store, alias + "-") == (None, [])
        assert await replayed(store, f"{alias}-x") == (None, [])
        assert await replayed(store, f"{alias}-{'9' * 30}") == (None, [])

    run(make(), steps)


def test_a_stream_keeps_its_last_events(make: Make) -> None:
    """About as many as it may; a client that is too far behind gets what there is."""

    async def steps(store: EventLog) -> None:
        first = await store.store_event("a", b"%d" % 0)
        for n in range(1, 400):
            await store.store_event("a", b"%d" % n)
        stream, messages = await replayed(store, first)
        assert stream == "a"
        assert 5 <= len(messages) <= 150
        assert messages == [b"%d" % n for n in range(400 - len(messages), 400)]

    run(make(max_events_per_stream=5), steps)


def test_events_are_gone_after_their_time(make: Make) -> None:
    """The stream as well."""

    async def steps(store: EventLog) -> None:
        event_id = await store.store_event("a", b"1")
        while await store.stream_of(event_id) is not None:
            await asyncio.sleep(0.01)
        assert await replayed(store, event_id) == (None, [])
        again = await store.store_event("a", b"2")
        assert await store.stream_of(again) == "a"

    run(make(ttl=0.2), steps)


def test_events_that_are_stored_at_once_are_all_kept(make: Make) -> None:
    """Each under an id of its own."""

    async def steps(store: EventLog) -> None:
        prime = await store.store_event("a", None)
        ids = await asyncio.gather(*[store.store_event("a", b"%d" % n) for n in range(50)])
        assert len(set(ids)) == 50
        _, messages = await replayed(store, prime)
        assert sorted(messages) == sorted(b"%d" % n for n in range(50))

    run(make(), steps)


@pytest.mark.parametrize("make", KINDS[1:], indirect=True)
def test_another_process_replays_what_one_has_stored(make: Make) -> None:
    """And goes on with the same stream, by the same alias."""

    async def store(store: EventLog) -> list[str]:
        return [await store.store_event("a", b"%d" % n) for n in range(3)]

    ids = run(make(), store)

    async def resume(store: EventLog) -> None:
        later = await store.store_event("a", b"3")
        assert later.partition("-")[0] == ids[0].partition("-")[0]
        assert await replayed(store, ids[0]) == ("a", [b"1", b"2", b"3"])

    run(make(), resume)


def test_a_file_keeps_events_over_a_restart(tmp_path: Path) -> None:
    """Also by the disk store of py-key-value, as FastMCP's users have it."""
    directory = tmp_path / "disk"

    async def store() -> str:
        disk = DiskStore(directory=directory)
        event_id = await EventStore(storage=disk, ttl=60).store_event("a", b"1")
        await EventStore(storage=disk, ttl=60).store_event("a", b"2")
        await disk.close()
        return event_id

    async def resume(event_id: str) -> None:
        disk = DiskStore(directory=directory)
        assert await replayed(EventStore(disk), event_id) == ("a", [b"2"])
        await disk.close()

    asyncio.run(resume(asyncio.run(store())))


def test_a_backplane_store_needs_not_be_opened(tmp_path: Path) -> None:
    """Its first use opens it; whoever closes it in the end leaves nothing."""

    async def main() -> None:
        store = BackplaneEventStore(f"sqlite:///{tmp_path}/events.db")
        event_id = await store.store_event("a", b"1")
        assert await store.stream_of(event_id) == "a"
        await store.close()

    asyncio.run(main())


def test_a_backplane_that_forgets_everything_is_used_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streams go on; workers that started before and after agree on aliases after a while."""
    monkeypatch.setattr("fastmcp.server.event_store._AGREE_EVERY", 0.0)

    async def main() -> None:
        with redis_server(tmp_path) as server:
            port = int(server.url.rpartition(":")[2])
            before = BackplaneEventStore(server.url)
            old = await before.store_event("a", b"0")
        with pytest.raises(StoreUnavailable):
            await before.store_event("a", b"1")
        with redis_server(tmp_path, port=port) as server:
            assert await before.stream_of(old) is None
            new = await before.store_event("a", b"2")
            after = BackplaneEventStore(server.url)
            await after.store_event("a", b"3")
            assert await replayed(before, new) == ("a", [b"3"])
            assert await replayed(after, new) == ("a", [b"3"])
            await before.close()
            await after.close()

    asyncio.run(main())


def test_streams_in_memory_are_bounded() -> None:
    """The stream that was used least lately goes first, and those whose time is over before."""

    class Clock:
        now = 0.0

        def __call__(self) -> float:
            return self.now

    clock = Clock()

    async def main() -> None:
        store = EventStore(max_streams=2, ttl=10, clock=clock)
        a = await store.store_event("a", b"1")
        b = await store.store_event("b", b"1")
        await store.store_event("a", b"2")
        c = await store.store_event("c", b"1")
        assert [await store.stream_of(id) for id in (a, b, c)] == ["a", None, "c"]
        clock.now = 10
        assert [await store.stream_of(id) for id in (a, b, c)] == [None, None, None]
        for_good = EventStore(None, 100, None, clock=clock)
        a = await for_good.store_event("a", b"1")
        clock.now = 1e9
        assert await for_good.stream_of(a) == "a"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: EventStore("redis://localhost"), "BackplaneEventStore"),  # type: ignore
        (lambda: EventStore(object()), "py-key-value-aio"),  # type: ignore
        (lambda: EventStore(max_events_per_stream=0), "max_events_per_stream="),
        (lambda: EventStore(ttl=0), "ttl="),
        (lambda: BackplaneEventStore(MemoryBackplane(), ttl=-1), "ttl="),
        (lambda: BackplaneEventStore("postgres://x"), "redis://"),
        (lambda: BackplaneEventStore(None), "takes a backplane"),  # type: ignore
    ],
)
def test_what_cannot_be_is_refused(wrong: Callable[[], Any], said: str) -> None:
    """With what is meant."""
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        wrong()
