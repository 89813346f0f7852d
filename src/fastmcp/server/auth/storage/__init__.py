"""What OAuth keeps beyond a request: registrations, codes, tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .oauth_storage import OAuthStorage as OAuthStorage
    from .oauth_storage import Shelf as Shelf
    from .opening import storage_at_home as storage_at_home
    from .opening import storage_of as storage_of

__all__ = ["OAuthStorage", "Shelf", "storage_at_home", "storage_of"]

lazy_names(
    __name__,
    {
        "OAuthStorage": ".oauth_storage",
        "Shelf": ".oauth_storage",
        "storage_at_home": ".opening",
        "storage_of": ".opening",
    },
)
