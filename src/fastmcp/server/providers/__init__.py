"""Providers: where a server's components come from."""

from __future__ import annotations

from .local import LocalProvider

__all__ = ["LocalProvider"]
