"""How a client over HTTP says who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .bearer import BearerAuth as BearerAuth

__all__ = ["BearerAuth"]

__getattr__ = lazy_names(__name__, {"BearerAuth": ".bearer"})
