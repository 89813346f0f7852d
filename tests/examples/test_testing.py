"""The example testing/: its tests notice what they are for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_a_change_that_breaks_clients_is_noticed(example: Callable[[str], Any]) -> None:
    """By the snapshot, which says what it breaks, until it is accepted."""
    testing = example("testing")
    server = testing.folder / "bakery.py"
    source = server.read_text("utf-8")
    server.write_text(source.replace("loaves: int = 1)", "loaves: int)"), "utf-8")

    done = testing.run("pytest tests -k catalogue")

    assert done.returncode == 1
    assert "the argument 'loaves' is required now" in done.stdout
    testing.ask("pytest -k catalogue --mcp-snapshot-update")
    testing.ask("pytest -k catalogue")


def test_the_snapshot_is_shipped(example: Callable[[str], Any]) -> None:
    """So that the first run compares."""
    testing = example("testing")
    before = {path: path.read_bytes() for path in testing.folder.rglob("*.json")}

    testing.ask("pytest")

    assert before
    assert {path: path.read_bytes() for path in testing.folder.rglob("*.json")} == before
