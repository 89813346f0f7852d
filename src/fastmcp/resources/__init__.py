"""Resources: data under URIs that a client can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .base import Resource as Resource
    from .base import ResourceContent as ResourceContent
    from .base import ResourceResult as ResourceResult
    from .function_resource import FunctionResource as FunctionResource
    from .template import ResourceTemplate as ResourceTemplate


__all__ = [
    "FunctionResource",
    "Resource",
    "ResourceContent",
    "ResourceResult",
    "ResourceTemplate",
]

__getattr__ = lazy_names(
    __name__,
    {
        "FunctionResource": ".function_resource",
        "Resource": ".base",
        "ResourceContent": ".base",
        "ResourceResult": ".base",
        "ResourceTemplate": ".template",
    },
)
