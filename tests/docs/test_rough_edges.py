"""What the page of rough edges says is missing is so, where that can be seen by its name."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "rough-edges.md").read_text("utf-8")
MISSING = PAGE.split("## Not there yet")[1].split("\n## ")[0]


def has(path: str) -> bool:
    """Whether there is something under a dotted name."""
    home, _, name = path.rpartition(".")
    try:
        import_module(path)
        return True
    except ImportError:
        return hasattr(import_module(home), name)


@pytest.mark.parametrize("name", re.findall(r"`(fastmcp\.\w+\.[\w.]+)`", MISSING))
def test_a_name_is_missing(name: str) -> None:
    """Otherwise its line goes."""
    assert not has(name)
