"""From a URL to a backend: what is taken, and what is told of the rest."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from processes import free_port

from fastmcp.exceptions import ConfigurationError, StoreUnavailable
from fastmcp.server.backplane import MemoryBackplane, RedisBackplane, SQLiteBackplane
from fastmcp.server.tasks.engines.docket_engine import DocketEngine
from fastmcp.server.tasks.engines.memory_engine import MemoryEngine
from fastmcp.server.tasks.engines.sqlite_engine import SQLiteEngine
from fastmcp.server.tasks.opening import backend_of, without_password


def test_each_url_has_its_backplane_and_its_engine(tmp_path: Path) -> None:
    """What is in memory does not outlast the process."""
    kinds = {
        "memory://": (MemoryBackplane, MemoryEngine, False),
        "redis://localhost": (RedisBackplane, DocketEngine, True),
        "rediss://localhost:6380/2": (RedisBackplane, DocketEngine, True),
        "unix:///run/redis.sock": (RedisBackplane, DocketEngine, True),
        f"sqlite:///{tmp_path}/tasks.db": (SQLiteBackplane, SQLiteEngine, True),
    }
    for url, (backplane, engine, lasting) in kinds.items():
        backend = backend_of("shop", url)
        assert isinstance(backend.backplane, backplane)
        assert isinstance(backend.engine, engine)
        assert (backend.url, backend.lasting) == (url, lasting)


def test_without_a_url_it_is_that_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is everything else; servers with a name have a queue of their own."""
    assert backend_of("shop", None).url == "memory://"
    for name, value in {
        "DOCKET_URL": "redis://localhost/5",
        "DOCKET_NAME": "jobs",
        "DOCKET_CONCURRENCY": "3",
        "DOCKET_WORKER_NAME": "ada",
        "TASKS_ENCRYPTION_KEY": "a passphrase that nobody guesses",
    }.items():
        monkeypatch.setenv(f"FASTMCP_{name}", value)
    backend = backend_of("shop", None)

    assert (backend.url, backend.name) == ("redis://localhost/5", "jobs:shop")
    assert (backend.concurrency, backend.worker_name) == (3, "ada")
    assert backend.key == "a passphrase that nobody guesses"
    assert backend_of(None, None).name == "jobs"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("kafka://user:secret@host", "docket= takes no kafka://, but memory://"),
        ("redis+sentinel://host/master", "docket= takes no redis+sentinel://"),
        ("localhost:6379", "docket= takes no text without a scheme, but memory://"),
        ("redis://user:secret@host:port/0", "docket= has a redis:// URL without a valid port"),
        ("sqlite://", "sqlite:///file.db"),
        ("sqlite:///", "sqlite:///file.db"),
        ("sqlite://tasks.db", "sqlite:///file.db"),
        ("sqlite:///:memory:", "sqlite:///file.db"),
    ],
)
def test_a_url_that_means_nothing_is_told_with_those_that_do(url: str, said: str) -> None:
    """Without its password."""
    with pytest.raises(ConfigurationError) as caught:
        backend_of("shop", url)

    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_variable_that_means_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than the keyword."""
    monkeypatch.setenv("FASTMCP_DOCKET_URL", "amqp://host")
    with pytest.raises(ConfigurationError, match=r"^FASTMCP_DOCKET_URL= takes no amqp://"):
        backend_of("shop", None)


async def test_a_redis_that_is_not_there_is_told_within_seconds() -> None:
    """Its place, and not its password, by what is kept and by what is delivered."""
    port = free_port()
    backend = backend_of("shop", f"redis://user:secret@127.0.0.1:{port}")
    for part in (backend.backplane, backend.engine):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable) as caught:
            await part.open()
        assert time.monotonic() - began < 6
        assert f"127.0.0.1:{port}" in str(caught.value)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("redis://user:secret@localhost:6379/0", "redis://user:***@localhost:6379/0"),
        ("redis://:secret@localhost", "redis://***@localhost"),
        ("rediss://user:p@ss@[::1]:6380/1", "rediss://user:***@[::1]:6380/1"),
        ("redis://localhost/0?password=secret", "redis://localhost/0?password=***"),
        ("sqlite:////data/tasks.db", "sqlite:////data/tasks.db"),
        ("memory://", "memory://"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    """Wherever that stands."""
    assert without_password(url) == shown
