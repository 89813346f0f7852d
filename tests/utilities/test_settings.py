"""Settings for a while, as FastMCP's users import it."""

from __future__ import annotations

import fastmcp
from fastmcp.utilities.tests import temporary_settings


def test_settings_are_others_inside_of_the_block_alone() -> None:
    """They are what they were, after it."""
    before = fastmcp.settings.port

    with temporary_settings(port=9002):
        inside = fastmcp.settings.port

    assert (inside, fastmcp.settings.port) == (9002, before)
