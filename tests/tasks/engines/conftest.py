"""Engines of every kind, with real servers and files behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis_server import RedisServer, redis_server

from .working import make_engine

Make = Callable[..., object]


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server for tests that do not stop it; each has a queue of its own."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["memory", "sqlite", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an engine of each kind keeps its legs."""
    return _url(request, tmp_path, request.param)


@pytest.fixture(params=["sqlite", "redis"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where engines of several processes keep their legs."""
    return _url(request, tmp_path, request.param)


def _url(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> str:
    if kind == "memory":
        return "memory://"
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/legs.db"
    server: RedisServer = request.getfixturevalue("redis")
    return server.url


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., object]:
    """Make an engine at a URL whose queue is this test's."""
    return lambda url, **options: make_engine(url, tmp_path.name, **options)
