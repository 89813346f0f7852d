"""What tests of commands have in common."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import run_python

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A folder with a server.py, as the examples of commands have it."""
    folder = tmp_path / "shop"
    shutil.copytree(Path(__file__).with_name("example"), folder)
    return folder


@pytest.fixture
def run(example: Path) -> Run:
    """Run our command in that folder."""

    def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        return run_python("-m", "fastmcp", *map(str, arguments), cwd=example, env=variables)

    return run
