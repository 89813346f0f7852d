"""Backplanes of every kind, with real servers and files behind them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis_server import RedisServer, redis_server

from fastmcp.server.backplane import (
    Backplane,
    EncryptedBackplane,
    MemoryBackplane,
    RedisBackplane,
    SQLiteBackplane,
)

KEY = "a passphrase that nobody guesses"
KINDS = ["memory", "sqlite", "redis"]


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server for tests that do not stop it; each has a prefix of its own."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=[*KINDS, *(f"encrypted {kind}" for kind in KINDS)])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Backplane]:
    """Make a backplane that shares everything with the others of this test."""
    kind = request.param.rpartition(" ")[2]
    memory = MemoryBackplane()

    def plain() -> Backplane:
        if kind == "memory":
            return memory
        if kind == "sqlite":
            return SQLiteBackplane(tmp_path / "shared.db")
        server: RedisServer = request.getfixturevalue("redis")
        return RedisBackplane(server.url, prefix=tmp_path.name)

    if request.param.startswith("encrypted"):
        return lambda: EncryptedBackplane(plain(), KEY)
    return plain


@asynccontextmanager
async def opened(*backplanes: Backplane) -> AsyncIterator[None]:
    """Open them, for the time of a block."""
    async with contextlib.AsyncExitStack() as stack:
        for backplane in backplanes:
            await backplane.open()
            stack.push_async_callback(backplane.close)
        yield
