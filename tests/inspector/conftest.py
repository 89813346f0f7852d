"""An inspector of a server with something of everything, its user, and a browser."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from chromium import Chromium, chromium

from .running import EVERYTHING, Running, User, enter, inspecting


@pytest.fixture
def running(tmp_path: Path) -> Generator[Running]:
    """An inspector that is started anew for each test."""
    with inspecting(EVERYTHING, "--no-reload", cwd=tmp_path) as made:
        yield made


@pytest.fixture
def alone(running: Running) -> Generator[User]:
    """The user of that one."""
    made = enter(running)
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Running, str]]:
    """An inspector for many tests, and its key."""
    with inspecting(EVERYTHING, "--no-reload", cwd=tmp_path_factory.mktemp("inspector")) as made:
        user = enter(made)
        user.close()
        yield made, user.key


@pytest.fixture
def user(shared: tuple[Running, str]) -> Generator[User]:
    """A user of that one, who connects to a server of their own."""
    made = User(*shared)
    made.forget()  # what others did before
    yield made
    made.act("disconnect")
    made.close()


@pytest.fixture(scope="session")
def browser() -> Generator[Chromium]:
    """A browser; each test has people of its own in it."""
    with chromium() as made:
        yield made
