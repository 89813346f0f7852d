"""Backplanes from what users write."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from redis_server import RedisServer

from fastmcp.exceptions import ConfigurationError
from fastmcp.server.backplane import (
    EncryptedBackplane,
    MemoryBackplane,
    RedisBackplane,
    SQLiteBackplane,
    backplane_of,
)

from .conftest import opened


def test_a_url_opens_a_backplane(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In memory, in a file by its relative or whole path, in a server."""
    monkeypatch.chdir(tmp_path)
    urls = ["memory://", "sqlite:///a%20file.db", f"sqlite:///{tmp_path}/b.db", redis.url]

    async def main() -> list[type]:
        kinds: list[type] = []
        for url in urls:
            backplane = backplane_of(url)
            assert backplane is not None
            async with opened(backplane):
                await backplane.put("test_opening", b"v", ttl=1)
                assert await backplane.get("test_opening") == b"v"
            kinds.append(type(backplane))
        return kinds

    kinds = asyncio.run(main())
    assert kinds == [MemoryBackplane, SQLiteBackplane, SQLiteBackplane, RedisBackplane]
    assert {path.name for path in tmp_path.iterdir()} >= {"a file.db", "b.db"}
    for url in ("rediss://host:1", "unix:///run/redis.sock"):
        assert isinstance(backplane_of(url), RedisBackplane)


def test_a_backplane_is_taken_as_it_is() -> None:
    """Also one of the user's own, and none at all."""
    memory = MemoryBackplane()
    assert backplane_of(memory) is memory
    encrypted = EncryptedBackplane(memory, "a passphrase that nobody guesses")
    assert backplane_of(encrypted) is encrypted
    assert backplane_of(None) is None


@pytest.mark.parametrize(
    "value",
    [
        "postgres://user:s3cret@host/db",
        "redis.local:6379",
        "/var/lib/sessions.db",
        "memory://shared",
        "",
        5,
        {},
        object(),
    ],
)
def test_anything_else_is_refused_with_the_choices(value: Any) -> None:
    """None of which shows a password."""
    with pytest.raises(ConfigurationError) as caught:
        backplane_of(value)

    for choice in ("redis://", "rediss://", "unix://", "sqlite:///", "memory://", "object"):
        assert choice in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "sqlite://file.db", "sqlite:///:memory:"]
)
def test_a_file_needs_a_path(url: str) -> None:
    """The error shows both ways of writing it."""
    with pytest.raises(ConfigurationError, match="sqlite:////path/to/file"):
        backplane_of(url)
