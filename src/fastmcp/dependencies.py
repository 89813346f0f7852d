"""Dependencies: what functions need and no client gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_names

if TYPE_CHECKING:
    from fastmcp._components.injection.dependencies import CallArgument as CallArgument
    from fastmcp._components.injection.dependencies import CycleError as CycleError
    from fastmcp._components.injection.dependencies import Dependency as Dependency
    from fastmcp._components.injection.dependencies import Depends as Depends
    from fastmcp._components.injection.dependencies import Shared as Shared

    from .server.dependencies import CurrentAccessToken as CurrentAccessToken
    from .server.dependencies import CurrentContext as CurrentContext
    from .server.dependencies import CurrentDocket as CurrentDocket
    from .server.dependencies import CurrentFastMCP as CurrentFastMCP
    from .server.dependencies import CurrentHeaders as CurrentHeaders
    from .server.dependencies import CurrentRequest as CurrentRequest
    from .server.dependencies import CurrentWorker as CurrentWorker
    from .server.dependencies import Progress as Progress
    from .server.dependencies import ProgressLike as ProgressLike
    from .server.dependencies import TokenClaim as TokenClaim

__all__ = [
    "CallArgument",
    "CurrentAccessToken",
    "CurrentContext",
    "CurrentDocket",
    "CurrentFastMCP",
    "CurrentHeaders",
    "CurrentRequest",
    "CurrentWorker",
    "CycleError",
    "Dependency",
    "Depends",
    "Progress",
    "ProgressLike",
    "Shared",
    "TokenClaim",
]

_MARKERS = ("CallArgument", "CycleError", "Dependency", "Depends", "Shared")
_HOMES = ("fastmcp._components.injection.dependencies", "fastmcp.server.dependencies")

lazy_names(__name__, {name: _HOMES[name not in _MARKERS] for name in __all__})
