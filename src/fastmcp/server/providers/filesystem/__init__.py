"""Components in the files of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .filesystem_provider import FileSystemProvider as FileSystemProvider

__all__ = ["FileSystemProvider"]

lazy_names(__name__, {"FileSystemProvider": ".filesystem_provider"})
