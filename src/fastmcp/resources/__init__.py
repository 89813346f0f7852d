"""Resources: data under URIs that a client can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import Resource as Resource
    from .base import ResourceContent as ResourceContent
    from .base import ResourceResult as ResourceResult
    from .function_resource import FunctionResource as FunctionResource
    from .template import ResourceTemplate as ResourceTemplate

_HOME = {
    "FunctionResource": "function_resource",
    "Resource": "base",
    "ResourceContent": "base",
    "ResourceResult": "base",
    "ResourceTemplate": "template",
}

__all__ = [
    "FunctionResource",
    "Resource",
    "ResourceContent",
    "ResourceResult",
    "ResourceTemplate",
]


def __getattr__(name: str) -> Any:
    if (home := _HOME.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
