"""The backplane in a file: shared by processes, however they end."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fastmcp.exceptions import ConfigurationError, StoreUnavailable
from fastmcp.server.backplane import SQLiteBackplane
from fastmcp.server.backplane import sqlite_topics as topics

from .conftest import opened
from .hearing import Ear, until

Script = Callable[..., Path]

WORK = """
    import asyncio, sys

    from fastmcp.server.backplane import SQLiteBackplane

    async def main():
        backplane = SQLiteBackplane(sys.argv[1], timeout=20)
        await backplane.open()
        await backplane.add("n", b"0")
        for _ in range(int(sys.argv[2])):
            while True:
                old = await backplane.get("n")
                new = b"%d" % (int(old) + 1)
                if await backplane.swap("n", old, new):
                    break
            position = await backplane.append("l", new, limit=100_000, ttl=600)
            print(position, flush=True)
            await backplane.publish("t", new)
        await backplane.close()

    asyncio.run(main())
"""


async def start(path: Path, *arguments: Any) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, path, *map(str, arguments), stdout=asyncio.subprocess.PIPE
    )


def test_processes_share_a_file(tmp_path: Path, script: Script) -> None:
    """Made by all of them at once; counting together they miss nothing, and are heard."""
    path, file = script(WORK), tmp_path / "new.db"

    async def main() -> None:
        workers = [await start(path, file, 50) for _ in range(3)]
        async with opened(backplane := SQLiteBackplane(file, timeout=20)):
            ear = Ear()
            await backplane.subscribe("t", ear)
            for worker in workers:
                await worker.communicate()
                assert worker.returncode == 0
            assert await backplane.get("n") == b"150"
            assert len(await backplane.entries("l")) == 150
            await until(lambda: b"150" in ear.heard)
            numbers = [message for message in ear.heard if message is not None]
            assert len(set(numbers)) == len(ear.heard)

    asyncio.run(main())


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path, script: Script) -> None:
    """A process that is killed in the middle of writing leaves a file that is whole."""
    path, file = script(WORK), tmp_path / "shared.db"

    async def main() -> None:
        acknowledged: list[str] = []
        for _ in range(2):
            worker = await start(path, file, 1_000_000)
            assert worker.stdout is not None
            for _ in range(50):
                acknowledged.append((await worker.stdout.readline()).decode().strip())
            worker.send_signal(signal.SIGKILL)
            rest, _ = await worker.communicate()
            acknowledged += [line for line in rest.decode().splitlines(keepends=False) if line]
        async with opened(backplane := SQLiteBackplane(file)):
            positions = [position for position, _ in await backplane.entries("l")]
            assert set(acknowledged) <= set(positions)
            assert len(acknowledged) >= 100

    asyncio.run(main())
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_file_that_somebody_holds_is_waited_for_and_given_up(tmp_path: Path) -> None:
    """In the time of a call, however many wait; all works when it is free."""
    file = tmp_path / "shared.db"

    async def main() -> None:
        async with opened(backplane := SQLiteBackplane(file, timeout=0.3)):
            await backplane.put("k", b"v")
            with closing(sqlite3.connect(file, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                began = time.monotonic()
                outcomes = await asyncio.gather(
                    *[backplane.put("k", b"w") for _ in range(10)], return_exceptions=True
                )
                assert time.monotonic() - began < 2
                assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
                assert await backplane.get("k") == b"v"
                other.execute("ROLLBACK")
            await backplane.put("k", b"w")
            assert await backplane.get("k") == b"w"

    asyncio.run(main())


def test_a_place_that_cannot_be_used_is_unavailable_until_it_can(tmp_path: Path) -> None:
    """The error names it."""
    place = tmp_path / "later"

    async def main() -> None:
        backplane = SQLiteBackplane(place / "shared.db")
        with pytest.raises(StoreUnavailable, match=r"later/shared\.db: unable to open"):
            await backplane.open()
        place.mkdir()
        async with opened(backplane):
            await backplane.put("k", b"v")
            assert await backplane.get("k") == b"v"

    asyncio.run(main())


def test_another_file_is_not_touched(tmp_path: Path) -> None:
    """Neither one that is no database, nor one of another version."""
    text, later = tmp_path / "text", tmp_path / "later.db"
    text.write_text("this is no database" * 100, "utf-8")
    with closing(sqlite3.connect(later)) as connection:
        connection.execute("PRAGMA user_version = 99")

    async def main() -> None:
        backplane = SQLiteBackplane(text)
        with pytest.raises(StoreUnavailable, match="not a database"):
            await backplane.open()
        await backplane.close()
        backplane = SQLiteBackplane(later)
        with pytest.raises(ConfigurationError, match="another version"):
            await backplane.open()
        await backplane.close()

    asyncio.run(main())
    assert text.read_text("utf-8") == "this is no database" * 100


@pytest.mark.parametrize("path", ["", ":memory:"])
def test_a_path_is_needed(path: str) -> None:
    """What is in memory is not shared."""
    with pytest.raises(ConfigurationError, match="path of a file"):
        SQLiteBackplane(path)


def test_nobody_else_reads_the_file(tmp_path: Path) -> None:
    """Neither what is beside it while it is open."""

    async def main() -> None:
        async with opened(backplane := SQLiteBackplane(tmp_path / "shared.db")):
            await backplane.put("k", b"v")
            assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
            assert len(list(tmp_path.iterdir())) == 3

    asyncio.run(main())


def test_what_is_over_takes_no_room(tmp_path: Path) -> None:
    """Whoever opens the file next, or uses it some time later, clears it away."""
    file = tmp_path / "shared.db"

    async def main() -> None:
        backplane = SQLiteBackplane(file)
        for _ in range(2):
            async with opened(backplane):
                for n in range(50):
                    await backplane.put(f"k{n}", bytes(10_000), ttl=0.001)
                    await backplane.append(f"l{n}", bytes(10_000), limit=10, ttl=0.001)
                    await backplane.join(f"g{n}", "m", limit=10, ttl=0.001)
            size = file.stat().st_size
        async with opened(backplane):
            pass
        assert file.stat().st_size == size < 2_000_000

    asyncio.run(main())
    with closing(sqlite3.connect(file)) as connection:
        for table in ("vals", "logs", "entries", "members"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_who_could_not_look_for_longer_than_messages_stay_hears_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a laptop slept."""
    monkeypatch.setattr(topics, "KEPT", 0.3)

    async def main() -> None:
        async with opened(backplane := SQLiteBackplane(tmp_path / "shared.db")):
            ear = Ear()
            await backplane.subscribe("t", ear)
            time.sleep(0.5)  # nothing in this event loop runs
            await ear.waits_for(None)

    asyncio.run(main())


def test_an_event_loop_that_is_gone_is_left(tmp_path: Path) -> None:
    """Also where nobody closed what was open in it."""
    backplane = SQLiteBackplane(tmp_path / "shared.db")

    async def once(n: int) -> bytes | None:
        await backplane.put(f"k{n}", b"v")
        return await backplane.get("k0")

    assert [asyncio.run(once(n)) for n in range(3)] == [b"v"] * 3

    async def end() -> None:
        await backplane.open()
        await backplane.close()

    asyncio.run(end())
