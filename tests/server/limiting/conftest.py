"""What tests of limits go through in turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from apps import served
from reaching import Reach
from redis_server import RedisServer, redis_server


@pytest.fixture(params=["memory", "http"])
def reach(request: pytest.FixtureRequest) -> Iterator[Reach]:
    """How to reach a server: in this process, and behind a socket."""
    if request.param == "memory":
        yield lambda mcp: mcp
        return
    with ExitStack() as stack:
        yield lambda mcp: f"{stack.enter_context(served(mcp.http_app()))}/mcp"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of the Redis protocol."""
    with redis_server(tmp_path) as server:
        yield server
