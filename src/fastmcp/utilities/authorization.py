"""Checks of `fastmcp.server.auth`, under the path that FastMCP 4 has them at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from fastmcp.server.auth.checks import AuthCheck as AuthCheck
    from fastmcp.server.auth.checks import AuthContext as AuthContext
    from fastmcp.server.auth.checks import require_roles as require_roles
    from fastmcp.server.auth.checks import require_scopes as require_scopes
    from fastmcp.server.auth.checks import restrict_tag as restrict_tag
    from fastmcp.server.auth.checks import run_auth_checks as run_auth_checks
    from fastmcp.server.auth.checks import (
        run_auth_checks_with_shortfall as run_auth_checks_with_shortfall,
    )
    from fastmcp.server.auth.checks import scope_requirements as scope_requirements

__all__ = [
    "AuthCheck",
    "AuthContext",
    "require_roles",
    "require_scopes",
    "restrict_tag",
    "run_auth_checks",
    "run_auth_checks_with_shortfall",
    "scope_requirements",
]

lazy_names(__name__, dict.fromkeys(__all__, "fastmcp.server.auth.checks"))
