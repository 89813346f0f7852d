"""What tests of limits go through in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from reaching import reach as reach
from redis_server import RedisServer, redis_server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of the Redis protocol."""
    with redis_server(tmp_path) as server:
        yield server
