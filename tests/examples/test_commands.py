"""What the examples say of themselves is so: each of their commands is run, in their order."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
ROWS = re.findall(r"^\| \[.*\|$", (EXAMPLES / "README.md").read_text("utf-8"), flags=re.M)
# These have tests of their own.
ELSEWHERE = {"demo.py", "greeter.py", "hybrid.py", "indexer"}
NAMES = sorted(
    path.name
    for path in EXAMPLES.iterdir()
    if path.name not in ELSEWHERE and (path.suffix == ".py" or (path / "README.md").is_file())
)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", NAMES)
def test_the_commands_of_an_example_do_what_it_says(
    name: str, example: Callable[[str], Any]
) -> None:
    """In a folder that has nothing else; no service fails meanwhile."""
    copy = example(name)
    assert copy.lines

    for line in copy.lines:
        if line in copy.services:
            copy.start(line)
        else:
            printed = copy.ask(line.command)
            assert line.promised in printed, f"{line.command}\n{printed}"

    for log in copy.logs:
        assert "Traceback" not in log.read_text("utf-8")


@pytest.mark.parametrize("name", [*NAMES, *sorted(ELSEWHERE)])
def test_the_table_has_every_example(name: str) -> None:
    """With a link that leads to it."""
    assert len(rows(name)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_table_begins_with_a_command_of_the_example(name: str) -> None:
    """That its README, or its docstring, has."""
    [row] = rows(name)
    [command] = re.findall(r"`([^`]*)` \|$", row)

    assert command in (EXAMPLES / told(name)).read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_short(name: str) -> None:
    """Each of its files can be read at once."""
    path = EXAMPLES / name
    for file in [path] if path.is_file() else path.rglob("*.py"):
        assert len(file.read_text("utf-8").splitlines()) <= 120, file


def told(name: str) -> str:
    """The file that says what an example is."""
    return name if name.endswith(".py") else f"{name}/README.md"


def rows(name: str) -> list[str]:
    """The lines of the table that lead there."""
    return [row for row in ROWS if f"({told(name)})" in row]
