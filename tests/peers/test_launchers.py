"""The named stdio transports run what those of FastMCP run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from .environments import python_packages
from .processes import output_of

pytestmark = pytest.mark.timeout(300, func_only=True)

PROGRAM = str(Path(__file__).with_name("launchers.py"))


@pytest.mark.parametrize("version", ["3.4.10", "4.1.2"])
def test_the_command_lines_are_those_of_fastmcp(version: str, tmp_path: Path) -> None:
    """With every keyword, given by name and by position."""
    for name in ("server.py", "server.js", "requirements.txt"):
        (tmp_path / name).touch()
    theirs = python_packages(f"fastmcp{version[0]}", f"fastmcp=={version}")

    lines = [
        json.loads(output_of([interpreter, PROGRAM, str(tmp_path)], home=tmp_path))
        for interpreter in (sys.executable, theirs)
    ]

    assert lines[0] == lines[1]
