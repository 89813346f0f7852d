"""What two workers change of one session at once comes together."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from fastmcp.server.cluster.saved_session import SavedSession, merged
from fastmcp.server.visibility import rule

BASE = SavedSession("2025-11-25", {}, listener="a", heard="1", delivered="1")
HIDE, SHOW = rule(False, names={"x"}), rule(True, names={"y"})


@pytest.mark.parametrize(
    ("mine", "theirs", "both"),
    [
        pytest.param({"log_level": "info"}, {"heard": "2"}, None, id="different members"),
        pytest.param(
            {"watched": ("m",)}, {"watched": ("t",)}, {"watched": ("m", "t")}, id="added to a set"
        ),
        pytest.param(
            {"rules": (HIDE,)}, {"rules": (SHOW,)}, {"rules": (SHOW, HIDE)}, id="rules of both"
        ),
        pytest.param({"rules": (HIDE,)}, {"rules": (HIDE,)}, {"rules": (HIDE,)}, id="the same"),
        pytest.param(
            {"listener": None, "heard": "2", "delivered": "2"},
            {"listener": "b", "heard": "3", "delivered": "3"},
            {"listener": "b", "heard": "3", "delivered": "3"},
            id="listens elsewhere by now",
        ),
        pytest.param(
            {"delivered": "2"}, {"listener": "b"}, {"listener": "b"}, id="sent to who left since"
        ),
        pytest.param(
            {"listener": "c", "delivered": "2"},
            {"listener": None, "delivered": "3"},
            {"listener": "c", "delivered": "2"},
            id="listens here by now",
        ),
    ],
)
def test_what_two_workers_changed_is_kept(
    mine: dict[str, Any], theirs: dict[str, Any], both: dict[str, Any] | None
) -> None:
    """Where they disagree about who listens, it is as the later one says."""
    expected = {**theirs, **mine} if both is None else both
    got = merged(BASE, replace(BASE, **mine), replace(BASE, **theirs))
    assert got == replace(BASE, **expected)
