"""The path under which FastMCP 3 has what `wrap_transform` gives."""

from __future__ import annotations

from .wrapped import WrappedProvider as _WrappedProvider

__all__ = ["_WrappedProvider"]
