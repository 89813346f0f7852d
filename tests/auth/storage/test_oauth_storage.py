"""What OAuth keeps: by kind and key, for a time, and what is good once is had once."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest
from key_value.aio.stores.memory import MemoryStore

from fastmcp import settings
from fastmcp.exceptions import ConfigurationError, StoreUnavailable
from fastmcp.server.auth.storage import OAuthStorage, storage_at_home, storage_of
from fastmcp.server.backplane import MemoryBackplane

from .stores import KEY, KINDS, opened, stored

WORD = "the-secret-of-a-client"


class Kept(msgspec.Struct):
    """A document of a test."""

    text: str
    number: int = 0


@pytest.mark.parametrize("kind", KINDS)
async def test_documents_are_kept_by_kind_and_key(kind: str, tmp_path: Path) -> None:
    """What was put is got as it was, and nothing of another kind or key."""
    async with stored(kind, tmp_path) as storage:
        shelf = storage.shelf("things", Kept)
        await shelf.put("a", Kept("x", 1))
        assert await shelf.get("a") == Kept("x", 1)
        assert await shelf.get("b") is None
        assert await storage.shelf("others", Kept).get("a") is None
        assert await shelf.delete("a")
        assert not await shelf.delete("a")
        assert await shelf.get("a") is None


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_good_once_is_had_by_one_of_many(kind: str, tmp_path: Path) -> None:
    """Of twenty who take the same document at once, one gets it."""
    async with stored(kind, tmp_path) as storage:
        shelf = storage.shelf("codes", Kept)
        await shelf.put("code", Kept("x"))
        taken = await asyncio.gather(*(shelf.take("code") for _ in range(20)))
        assert [each for each in taken if each is not None] == [Kept("x")]


@pytest.mark.parametrize("kind", KINDS)
async def test_of_many_who_add_or_swap_one_does(kind: str, tmp_path: Path) -> None:
    """The first one adds; one of those who saw the same replaces it."""
    async with stored(kind, tmp_path) as storage:
        shelf = storage.shelf("things", Kept)
        added = await asyncio.gather(*(shelf.add("a", Kept("x", n)) for n in range(10)))
        assert sum(added) == 1
        seen = await shelf.get("a")
        assert seen is not None
        swapped = await asyncio.gather(*(shelf.swap("a", seen, Kept("y", n)) for n in range(10)))
        assert sum(swapped) == 1
        assert await shelf.get("a") == Kept("y", swapped.index(True))
        assert not await shelf.swap("gone", seen, Kept("z"))


@pytest.mark.parametrize("kind", KINDS)
async def test_documents_end_when_their_time_is_over(kind: str, tmp_path: Path) -> None:
    """After its ttl a document is not there, and the key is free."""
    async with stored(kind, tmp_path) as storage:
        shelf = storage.shelf("things", Kept)
        await shelf.put("a", Kept("x"), 0.05)
        deadline = asyncio.get_running_loop().time() + 10
        while await shelf.get("a") is not None:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.01)
        assert await shelf.add("a", Kept("y"))


async def test_a_document_of_another_version_is_as_if_it_were_not_there(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What does not fit the type is None, and said once in the log without its content."""
    storage = OAuthStorage(MemoryBackplane())
    await storage.shelf("things").put("a", {"number": WORD})
    assert await storage.shelf("things", Kept).get("a") is None
    assert "not of this version" in caplog.text
    assert WORD not in caplog.text


async def test_a_store_that_fails_is_unavailable() -> None:
    """Whatever a key-value store raises, who asks is told that it cannot be asked now."""

    class Broken(MemoryStore):
        async def get(self, key: str, *, collection: str | None = None) -> Any:
            raise RuntimeError(WORD)

    shelf = storage_of(Broken(), KEY).shelf("things", Kept)
    with pytest.raises(StoreUnavailable) as caught:
        await shelf.get("a")
    assert WORD not in str(caught.value)


async def test_a_key_value_store_has_neither_contents_nor_names_in_clear() -> None:
    """All that is put into a store of somebody's is encrypted, the names included."""
    store, seen = MemoryStore(), []
    put = store.put

    async def watched(key: str, value: Any, **options: Any) -> None:
        seen.append((key, dict(value)))
        await put(key, value, **options)

    store.put = watched  # type: ignore[method-assign]
    shelf = storage_of(store, KEY).shelf("clients", Kept)
    await shelf.put(f"id-of-{WORD}", Kept(WORD))
    assert await shelf.get(f"id-of-{WORD}") == Kept(WORD)
    assert seen and WORD not in repr(seen)


async def test_with_another_key_nothing_is_there(tmp_path: Path) -> None:
    """Documents of one key are not even found with another."""
    url = f"sqlite:///{tmp_path / 'oauth.db'}"
    one, other = storage_of(url, KEY), storage_of(url, KEY + "!")
    async with opened(one), opened(other):
        await one.shelf("things", Kept).put("a", Kept(WORD))
        assert await other.shelf("things", Kept).get("a") is None
        assert await one.shelf("things", Kept).get("a") == Kept(WORD)


async def test_by_default_an_encrypted_file_at_home_outlives_the_process(tmp_path: Path) -> None:
    """Files below `settings.home`, for their owner alone, without a word in clear."""
    with settings.temporarily(home=tmp_path / "home"):
        first = storage_at_home(KEY)
        async with opened(first):
            await first.shelf("clients", Kept).put("id", Kept(WORD))
        again = storage_at_home(KEY)
        async with opened(again):
            assert await again.shelf("clients", Kept).get("id") == Kept(WORD)
        files = [each for each in (tmp_path / "home").rglob("*") if each.is_file()]
        assert files
        for file in files:
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert WORD.encode() not in file.read_bytes()
        assert stat.S_IMODE((tmp_path / "home" / "oauth").stat().st_mode) == 0o700


async def test_where_nothing_can_be_written_it_is_in_memory_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A home that is no directory does not keep a server from running; the log warns."""
    (tmp_path / "file").write_text("", "utf-8")
    with settings.temporarily(home=tmp_path / "file"):
        storage = storage_at_home(KEY)
    assert "lost when this process ends" in caplog.text
    await storage.shelf("things", Kept).put("a", Kept("x"))
    assert await storage.shelf("things", Kept).get("a") == Kept("x")


def test_what_is_no_store_is_refused() -> None:
    """The error names the keyword, and what can be given."""
    for wrong in (object(), 1, "nowhere"):
        with pytest.raises(ConfigurationError, match="client_storage="):
            storage_of(wrong, KEY)
