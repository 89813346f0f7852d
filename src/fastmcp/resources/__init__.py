"""Resources: data under URIs that a client can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import alias_module, lazy_names

if TYPE_CHECKING:
    from .base import Resource as Resource
    from .base import ResourceContent as ResourceContent
    from .base import ResourceResult as ResourceResult
    from .file_resources import DirectoryResource as DirectoryResource
    from .file_resources import FileResource as FileResource
    from .function_resource import FunctionResource as FunctionResource
    from .function_resource import resource as resource
    from .http_resource import HttpResource as HttpResource
    from .literal_resources import BinaryResource as BinaryResource
    from .literal_resources import TextResource as TextResource
    from .security import ResourceSecurity as ResourceSecurity
    from .template import ResourceTemplate as ResourceTemplate


__all__ = [
    "BinaryResource",
    "DirectoryResource",
    "FileResource",
    "FunctionResource",
    "HttpResource",
    "Resource",
    "ResourceContent",
    "ResourceResult",
    "ResourceSecurity",
    "ResourceTemplate",
    "TextResource",
    "resource",
]

lazy_names(
    __name__,
    {
        "BinaryResource": ".literal_resources",
        "DirectoryResource": ".file_resources",
        "FileResource": ".file_resources",
        "FunctionResource": ".function_resource",
        "HttpResource": ".http_resource",
        "Resource": ".base",
        "ResourceContent": ".base",
        "ResourceResult": ".base",
        "ResourceSecurity": ".security",
        "ResourceTemplate": ".template",
        "TextResource": ".literal_resources",
        "resource": ".function_resource",
    },
)

# The module was called so once; the attribute of that name is the decorator.
alias_module("fastmcp.resources.resource", ".base", ".function_resource", ".template", ".types")
