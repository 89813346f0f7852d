"""The stores that workers share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis_server import RedisServer, redis_server

from fastmcp.server.backplane.memory import MemoryBackplane
from fastmcp.server.backplane.redis import RedisBackplane

Store = Callable[[], Any]
_names = itertools.count()


@pytest.fixture(scope="session")
def redis_for_workers(tmp_path_factory: pytest.TempPathFactory) -> Generator[RedisServer]:
    """A server of the Redis protocol for all tests of this package."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["memory", "sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """What gives each worker its access to one new store."""
    if request.param == "memory":
        shared = MemoryBackplane()
        yield lambda: shared
    elif request.param == "sqlite":
        yield lambda: f"sqlite:///{tmp_path / 'sessions.db'}"
    else:
        server: RedisServer = request.getfixturevalue("redis_for_workers")
        prefix = f"test{next(_names)}"
        yield lambda: RedisBackplane(server.url, prefix=prefix)
