"""What the tests of deployment files share."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from deploying import DEPLOY


@pytest.fixture(scope="session")
def drain() -> float:
    """How long the server that is deployed takes to finish, at most."""
    return runpy.run_path(str(DEPLOY / "server.py"))["DRAIN"]


@pytest.fixture(scope="session")
def program() -> Path:
    """The server that stands behind proxies."""
    return Path(__file__).with_name("proxied_server.py")
