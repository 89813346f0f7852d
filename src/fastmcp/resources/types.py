"""The resources that need no function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .file_resources import DirectoryResource as DirectoryResource
    from .file_resources import FileResource as FileResource
    from .http_resource import HttpResource as HttpResource
    from .literal_resources import BinaryResource as BinaryResource
    from .literal_resources import TextResource as TextResource


__all__ = ["BinaryResource", "DirectoryResource", "FileResource", "HttpResource", "TextResource"]

lazy_names(
    __name__,
    {
        "BinaryResource": "fastmcp.resources.literal_resources",
        "DirectoryResource": "fastmcp.resources.file_resources",
        "FileResource": "fastmcp.resources.file_resources",
        "HttpResource": "fastmcp.resources.http_resource",
        "TextResource": "fastmcp.resources.literal_resources",
    },
)
