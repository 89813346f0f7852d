"""Workers, the stores that they share, and what holds up their tools."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis_server import RedisServer, redis_server

from fastmcp import FastMCP
from fastmcp.server.backplane.memory import MemoryBackplane
from fastmcp.server.backplane.redis import RedisBackplane

from .faulty import Faulty
from .workers import Workers, workers

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


@pytest.fixture
def stores() -> list[Faulty]:
    """One store in memory, as each of two workers has it."""
    shared = MemoryBackplane()
    return [Faulty(shared), Faulty(shared)]


@pytest.fixture
def gate() -> threading.Event:
    """What tools wait for."""
    return threading.Event()


@pytest.fixture
def two(make: Callable[[], FastMCP]) -> Iterator[Workers]:
    """Two workers of the server that the test's own `make` makes."""
    with workers(make) as group:
        yield group
