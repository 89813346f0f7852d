"""The bounds of the histograms of durations; it loads nothing."""

from __future__ import annotations

from typing import Final

DURATIONS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)
"""For requests and sessions, by the semantic conventions for MCP; in seconds."""
