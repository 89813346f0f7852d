"""The page of `fastmcp dev apps`, and somebody who uses it."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from chromium import Chromium, chromium
from inspector.browsing import Person, person
from inspector.running import Running, inspecting

SHOP = Path(__file__).parent / "servers" / "shop.py"


@pytest.fixture(scope="session")
def browser() -> Generator[Chromium]:
    """A browser; each test has people of its own in it."""
    with chromium() as running:
        yield running


@pytest.fixture
def running(tmp_path: Path) -> Generator[Running]:
    """The page of a server with interfaces."""
    with inspecting("apps", SHOP, "--no-reload", cwd=tmp_path) as made:
        yield made


@pytest.fixture
def ada(browser: Chromium, running: Running) -> Generator[Person]:
    """Somebody who has opened it."""
    with person(browser, running) as made:
        yield made
