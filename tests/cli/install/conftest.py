"""What tests of installing share."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from .computers import SERVER, Computer


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Computer:
    """A computer with a server in `~/project/server.py`, and no program that uses it."""
    monkeypatch.delenv("UV", raising=False)  # set where the tests themselves are run by uv
    made = Computer(tmp_path)
    made.write("project/server.py", textwrap.dedent(SERVER))
    return made
