"""What is kept encrypted: nobody reads it without the key, or moves it elsewhere."""

from __future__ import annotations

import asyncio
import base64
import logging
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio as async_redis
from cryptography.fernet import Fernet
from redis_server import RedisServer

from fastmcp.exceptions import ConfigurationError
from fastmcp.server.backplane import (
    Backplane,
    EncryptedBackplane,
    MemoryBackplane,
    RedisBackplane,
    SQLiteBackplane,
)

from .conftest import KEY, opened
from .hearing import Ear

SECRETS = [b"key-secret", b"value-secret", b"log-secret", b"entry-secret", b"topic-secret"]
SECRETS += [b"message-secret", b"group-secret", b"member-secret", KEY.encode()]


async def fill(backplane: Backplane) -> None:
    """Keep something of every kind."""
    await backplane.put("key-secret", b"value-secret" * 20)
    await backplane.append("log-secret", b"entry-secret" * 20, limit=10, ttl=600)
    await backplane.subscribe("topic-secret", Ear())
    await backplane.publish("topic-secret", b"message-secret" * 20)
    await backplane.join("group-secret", "member-secret", limit=10, ttl=600)


def test_nothing_in_redis_can_be_read(redis: RedisServer, tmp_path: Path) -> None:
    """Neither a key, nor a value, nor what is said over the wire."""

    async def main() -> None:
        control = async_redis.Redis.from_url(redis.url)
        plain = RedisBackplane(redis.url, prefix=tmp_path.name)
        said: list[bytes] = []
        async with opened(backplane := EncryptedBackplane(plain, KEY)):
            pubsub = control.pubsub()
            await pubsub.psubscribe("*")
            await fill(backplane)
            while not said or said[-1][:20] not in (b"",):
                message: Any = await pubsub.get_message(timeout=5)
                said.append(message["channel"] + repr(message["data"]).encode())
                if message["type"] == "pmessage":
                    break
            channels = await control.pubsub_channels()
            await pubsub.aclose()
        keys = [key async for key in control.scan_iter(f"{tmp_path.name}:*")]
        assert len(keys) == 3
        seen = b"".join([*keys, *channels, *said, *[await control.dump(key) for key in keys]])
        seen += repr(await control.get(next(k for k in keys if b":v:" in k))).encode()
        seen += repr(await control.lrange(next(k for k in keys if b":l:" in k), 0, -1)).encode()
        seen += repr(await control.zrange(next(k for k in keys if b":g:" in k), 0, -1)).encode()
        assert [secret for secret in SECRETS if secret in seen] == []
        await control.aclose()

    asyncio.run(main())


def test_nothing_in_a_file_can_be_read(tmp_path: Path) -> None:
    """Without encryption it could be: this looks in the right place."""

    async def seen(directory: Path, key: str | None) -> list[bytes]:
        directory.mkdir()
        plain = SQLiteBackplane(directory / "shared.db")
        async with opened(backplane := EncryptedBackplane(plain, key) if key else plain):
            await fill(backplane)
            data = b"".join(path.read_bytes() for path in directory.iterdir())
        return [secret for secret in SECRETS if secret in data]

    assert asyncio.run(seen(tmp_path / "plain", None)) == SECRETS[:-1]
    assert asyncio.run(seen(tmp_path / "encrypted", KEY)) == []


class Recorded(MemoryBackplane):
    """A store whose owner sees and changes everything."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, bytes] = {}
        self.logs: dict[str, bytes] = {}
        self.topics: dict[str, bytes] = {}

    async def put(self, key: str, value: bytes, ttl: float | None = None) -> None:
        self.values[key] = value
        await super().put(key, value, ttl)

    async def append(self, log: str, entry: bytes, *, limit: int, ttl: float) -> str:
        self.logs[log] = entry
        return await super().append(log, entry, limit=limit, ttl=ttl)

    async def publish(self, topic: str, message: bytes) -> None:
        self.topics[topic] = message
        await super().publish(topic, message)


def test_what_was_changed_or_moved_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    """By whoever owns the store: it is as if nothing were kept, and a warning says so."""

    async def main() -> None:
        store = Recorded()
        async with opened(backplane := EncryptedBackplane(store, KEY)):
            await backplane.put("a", b"1")
            await backplane.put("b", b"2")
            await backplane.append("a", b"1", limit=10, ttl=60)
            [a, b], [log] = store.values, store.logs
            ear = Ear()
            await backplane.subscribe("a", ear)
            await backplane.publish("a", b"1")
            [topic] = store.topics
            assert len({a, b, log, topic}) == 4

            sealed = store.values[a]
            changed = [sealed[:n] + bytes([sealed[n] ^ 1]) + sealed[n + 1 :] for n in (0, 5, -1)]
            for wrong in (*changed, b"", sealed[:12], b"plain", store.values[b], store.logs[log]):
                await MemoryBackplane.put(store, a, wrong)
                assert await backplane.get("a") is None
                assert await backplane.swap("a", b"1", b"2") is False
                await MemoryBackplane.append(store, log, wrong, limit=10, ttl=60)
                await MemoryBackplane.publish(store, topic, wrong)
            assert [entry for _, entry in await backplane.entries("a")] == [b"1", b"1"]
            await MemoryBackplane.put(store, a, sealed)
            assert await backplane.get("a") == b"1"
            await ear.waits_for(b"1")

    # The entry of the log itself was among what was put there: that it is there twice is no change.
    asyncio.run(main())
    assert "not written with this key" in caplog.text


def test_the_same_content_looks_different_under_each_name() -> None:
    """And each time in a log, so that nothing can be told from it; values alone can be compared."""

    async def main() -> None:
        store = Recorded()
        async with opened(backplane := EncryptedBackplane(store, KEY)):
            for name in ("a", "b", "a"):
                await backplane.put(name, b"same")
            assert len(set(store.values.values())) == 2
            for _ in range(2):
                await backplane.append("a", b"same", limit=10, ttl=60)
            [log] = store.logs
            sealed = [entry for _, entry in await MemoryBackplane.entries(store, log)]
            assert len(set(sealed)) == 2

    asyncio.run(main())


def test_workers_need_the_same_key() -> None:
    """With another one nothing is there, and nothing is in the way."""

    async def main() -> None:
        store = MemoryBackplane()
        raw = bytes(range(32))
        fernet = base64.urlsafe_b64encode(raw)
        ours = EncryptedBackplane(store, fernet)
        same = EncryptedBackplane(store, fernet.decode())
        others = [EncryptedBackplane(store, key) for key in (KEY, KEY + "!", Fernet.generate_key())]
        async with opened(ours, same, *others):
            await ours.put("k", b"v")
            assert await same.get("k") == b"v"
            for other in others:
                assert await other.get("k") is None
                assert await other.add("k", b"w")
            assert await EncryptedBackplane(store, KEY).get("k") == b"w"  # also unopened

    asyncio.run(main())


@pytest.mark.parametrize(
    "key",
    ["short", "your-fernet-key", "your-encryption-key-goes-here", "change-me-change-me", "a" * 40],
)
def test_a_key_that_is_easily_guessed_is_used_with_a_warning(
    key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One, which does not show the key and says how to make a better one."""

    async def main() -> None:
        async with opened(backplane := EncryptedBackplane(MemoryBackplane(), key)):
            await backplane.put("k", b"v")
            assert await backplane.get("k") == b"v"

    asyncio.run(main())
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "Fernet.generate_key()" in record.message
    assert key not in record.message


def test_a_good_key_is_used_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    """A key of Fernet's, and a long text."""
    for key in (Fernet.generate_key(), KEY):
        EncryptedBackplane(MemoryBackplane(), key)

    assert caplog.records == []


@pytest.mark.parametrize("key", ["", b"", None, 5])
def test_no_key_is_an_error(key: Any) -> None:
    """Nothing is kept without encryption by mistake."""
    with pytest.raises(ConfigurationError, match="takes a key"):
        EncryptedBackplane(MemoryBackplane(), key)
