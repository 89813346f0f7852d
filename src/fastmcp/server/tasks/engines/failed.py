"""When a leg is delivered again whose run has failed."""

from __future__ import annotations

from typing import Final

FAILED: Final = 1.0
"""Seconds: it fails because something is not there, which may be soon."""
