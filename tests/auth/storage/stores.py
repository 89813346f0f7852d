"""Every kind of storage for OAuth, empty."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from key_value.aio.stores.memory import MemoryStore
from redis_server import redis_server

from fastmcp.server.auth.storage import OAuthStorage, storage_of

KINDS = ("memory", "sqlite", "redis", "key-value")
KEY = "a passphrase that is long enough, 4711"


@asynccontextmanager
async def stored(kind: str, folder: Path) -> AsyncGenerator[OAuthStorage]:
    """A storage of a kind, open."""
    if kind == "redis":
        with redis_server(folder) as server:
            storage = storage_of(server.url, KEY)
            async with opened(storage):
                yield storage
        return
    given = {
        "memory": "memory://",
        "sqlite": f"sqlite:///{folder / 'oauth.db'}",
        "key-value": MemoryStore(),
    }[kind]
    storage = storage_of(given, KEY)
    async with opened(storage):
        yield storage


@asynccontextmanager
async def opened(storage: OAuthStorage) -> AsyncGenerator[None]:
    await storage.open()
    try:
        yield
    finally:
        await storage.close()
