"""Who may see and use a component: the checks that its `auth=` names."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias, TypeVar, cast

from msgspec import Struct

from fastmcp._components.component import Component
from fastmcp.exceptions import AuthorizationError
from fastmcp.server.context import Context

C = TypeVar("C", bound=Component)
AuthCheck: TypeAlias = Callable[["AuthContext"], bool | Awaitable[bool]]


class AuthContext(Struct, frozen=True):
    """What a check decides by: the caller's token, None without one, and the component."""

    token: Any
    component: Component

    @property
    def tool(self) -> Component:
        """The component."""
        return self.component


async def run_auth_checks(checks: AuthCheck | list[AuthCheck], context: AuthContext) -> bool:
    """Whether every check passes: functions of the context, plain or async."""
    for check in cast("list[AuthCheck]", checks if isinstance(checks, list) else [checks]):
        outcome = check(context)
        if not (await outcome if inspect.isawaitable(outcome) else outcome):
            return False
    return True


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
    try:
        passed = await run_auth_checks(
            component.checks, AuthContext(context.access_token, component)
        )
    except AuthorizationError:
        passed = False
    return component if passed else None


async def permitted(components: Sequence[C]) -> Sequence[C]:
    """Those of the components that the caller may see."""
    if all(component.auth is None for component in components):
        return components
    return [component for component in components if await permit(component) is not None]
