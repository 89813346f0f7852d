"""Where the tasks of a test are kept."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from redis_server import redis_server


@pytest.fixture(params=["memory", "sqlite", "redis"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[str]:
    """The URL of a place of each kind."""
    if request.param == "redis":
        with redis_server(tmp_path) as server:
            yield server.url
    elif request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/tasks.db"
    else:
        yield "memory://"
