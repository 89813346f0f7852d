"""Backplanes: what makes several workers one server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .backplane import Backplane as Backplane
    from .encrypted import EncryptedBackplane as EncryptedBackplane
    from .memory import MemoryBackplane as MemoryBackplane
    from .opening import backplane_of as backplane_of
    from .redis import RedisBackplane as RedisBackplane
    from .sqlite import SQLiteBackplane as SQLiteBackplane

__all__ = [
    "Backplane",
    "EncryptedBackplane",
    "MemoryBackplane",
    "RedisBackplane",
    "SQLiteBackplane",
    "backplane_of",
]

lazy_names(
    __name__,
    {
        "Backplane": ".backplane",
        "EncryptedBackplane": ".encrypted",
        "MemoryBackplane": ".memory",
        "RedisBackplane": ".redis",
        "SQLiteBackplane": ".sqlite",
        "backplane_of": ".opening",
    },
)
