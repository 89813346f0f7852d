"""Transforms that may still change from one version to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .code_mode import CodeMode as CodeMode
    from .discovery import GetSchemas as GetSchemas
    from .discovery import GetTags as GetTags
    from .discovery import ListTools as ListTools
    from .discovery import Search as Search
    from .monty import MontySandboxProvider as MontySandboxProvider
    from .sandbox import SandboxProvider as SandboxProvider

__all__ = [
    "CodeMode",
    "GetSchemas",
    "GetTags",
    "ListTools",
    "MontySandboxProvider",
    "SandboxProvider",
    "Search",
]

lazy_names(
    __name__,
    {
        "CodeMode": ".code_mode",
        "GetSchemas": ".discovery",
        "GetTags": ".discovery",
        "ListTools": ".discovery",
        "MontySandboxProvider": ".monty",
        "SandboxProvider": ".sandbox",
        "Search": ".discovery",
    },
)
