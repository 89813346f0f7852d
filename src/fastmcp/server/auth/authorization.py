"""Who may see and use a component, by the checks that its `auth=` names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from fastmcp._components.component import Component
from fastmcp.exceptions import AuthorizationError
from fastmcp.server.context import Context

from .checks import (
    AuthCheck,
    AuthContext,
    require_roles,
    require_scopes,
    restrict_tag,
    run_auth_checks,
    run_auth_checks_with_shortfall,
)

__all__ = [
    "AuthCheck",
    "AuthContext",
    "may_use",
    "permit",
    "permitted",
    "require_roles",
    "require_scopes",
    "restrict_tag",
    "run_auth_checks",
    "run_auth_checks_with_shortfall",
]

C = TypeVar("C", bound=Component)


async def permit(component: C | None) -> C | None:
    """The component, if the caller may use it; None if not, as if it were not there.

    Over stdio the caller is the user of this machine, and outside of a request the program
    itself: neither is checked.
    """
    if component is None or component.auth is None:
        return component
    context = Context.current_or_none()
    if context is None or context.transport == "stdio":
        return component
    return component if await may_use(component, context.access_token) else None


async def may_use(component: Component, token: Any) -> bool:
    """Whether somebody with this token may use a component."""
    try:
        return await run_auth_checks(component.checks, AuthContext(token, component))
    except AuthorizationError:
        return False


async def permitted(components: Sequence[C]) -> Sequence[C]:
    """Those of the components that the caller may see."""
    if all(component.auth is None for component in components):
        return components
    return [component for component in components if await permit(component) is not None]
