"""What the rows of several areas go through in turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from apps import served
from reaching import Reach


@pytest.fixture(params=["memory", "http"])
def reach(request: pytest.FixtureRequest) -> Iterator[Reach]:
    """How to reach a server: in this process, and behind a socket."""
    if request.param == "memory":
        yield lambda mcp: mcp
        return
    with ExitStack() as stack:
        yield lambda mcp: f"{stack.enter_context(served(mcp.http_app()))}/mcp"


@pytest.fixture(params=["legacy", "auto"])
def mode(request: pytest.FixtureRequest) -> str:
    """The era that the client speaks."""
    return request.param
