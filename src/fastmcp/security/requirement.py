"""Decorators by which a function needs an authenticated caller, roles, or scopes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from msgspec import Struct

from fastmcp._components.functions.function import name_of
from fastmcp.exceptions import AuthorizationError, ConfigurationError
from fastmcp.server.auth.checks import (
    AuthContext,
    Extract,
    RequireRoles,
    RequireScopes,
    ScopeShortfall,
)
from fastmcp.server.context import Context
from fastmcp.server.dependencies import get_access_token

from .guarding import guarded

F = TypeVar("F", bound=Callable[..., Any])

WARNING = 30


class Requirement(Struct, frozen=True):
    """What a function asks of whoever has it called."""

    scopes: RequireScopes | None = None
    roles: RequireRoles | None = None

    def around(self, function: F, decorator: str) -> F:
        """The function, which asks for it."""
        name = name_of(function)

        def guard(*args: Any, **kwargs: Any) -> None:
            self.check(name)

        return guarded(function, guard, decorator)

    def check(self, name: str) -> None:
        """Refuse a caller who does not meet it.

        Raises:
            AuthorizationError: nobody is authenticated, or a role is missing.
            InsufficientScopeError: scopes of the token are missing, and nothing else is.
        """
        token = get_access_token()
        if token is None:
            raise AuthorizationError(f"{name}() is for {_who()}", log_level=WARNING)
        expires = getattr(token, "expires_at", None)
        if expires is not None and expires <= time.time():
            raise AuthorizationError(f"{name}(): the token has expired", log_level=WARNING)
        if self.roles is not None and (lacking := self.roles.missing_roles(token)):
            roles = ", ".join(sorted(lacking))
            raise AuthorizationError(f"{name}() needs the role {roles}", log_level=WARNING)
        if self.scopes is not None:
            needed = self.scopes.required_scopes
            missing = sorted(needed.difference(token.scopes))
            if missing:
                text = f"{name}() needs the scope {', '.join(missing)}"
                raise ScopeShortfall(missing, needed, message=text)


def _who() -> str:
    context = Context.current_or_none()
    if context is not None and context.transport == "stdio":
        return "authenticated callers; over stdio, a token in FASTMCP_AUTH_TOKEN says who calls"
    return "authenticated callers"


@overload
def require_auth(function: F, /) -> F: ...


@overload
def require_auth(
    *,
    roles: Iterable[str] | str = (),
    scopes: Iterable[str] | str = (),
    extract: Extract | None = None,
) -> Callable[[F], F]: ...


def require_auth(
    function: Any = None,
    /,
    *,
    roles: Iterable[str] | str = (),
    scopes: Iterable[str] | str = (),
    extract: Extract | None = None,
) -> Any:
    """Let a function be called only for authenticated callers, who have all `roles` and whose
    token has all `scopes`: on every transport, below the decorator that registers it.

    Others get an error, and the function stays in lists; `auth=` of a component would hide it. A
    custom route answers 401 or 403. `extract` finds the roles in the claims of a token, as for
    `require_roles`.
    """
    roles = (roles,) if isinstance(roles, str) else tuple(roles)
    scopes = (scopes,) if isinstance(scopes, str) else tuple(scopes)
    needs = Requirement(
        RequireScopes(scopes) if scopes else None, RequireRoles(roles, extract) if roles else None
    )
    if function is not None:
        return needs.around(function, "require_auth")
    return lambda function: needs.around(function, "require_auth")  # type: ignore[reportUnknownLambdaType]


class RolesRequired(RequireRoles):
    """The check, which is a decorator as well."""

    def __call__(self, given: Any) -> Any:
        if isinstance(given, AuthContext):
            return super().__call__(given)
        return Requirement(roles=self).around(given, "require_roles")


class ScopesRequired(RequireScopes):
    """The check, which is a decorator as well."""

    def __call__(self, given: Any) -> Any:
        if isinstance(given, AuthContext):
            return super().__call__(given)
        return Requirement(self).around(given, "require_scopes")


def require_roles(*roles: str, extract: Extract | None = None) -> RolesRequired:
    """As `require_auth(roles=...)`; the same object is a check for `auth=` and `AuthMiddleware`.

    Raises:
        ConfigurationError: no roles.
    """
    _texts("require_roles", roles)
    return RolesRequired(roles, extract)


def require_scopes(*scopes: str) -> ScopesRequired:
    """As `require_auth(scopes=...)`; the same object is a check for `auth=` and `AuthMiddleware`.

    Raises:
        ConfigurationError: what is given is no scope.
    """
    _texts("require_scopes", scopes)
    return ScopesRequired(scopes)


def _texts(decorator: str, given: tuple[Any, ...]) -> None:
    for each in given:
        if not isinstance(each, str):
            raise ConfigurationError(
                f'@{decorator} needs texts: write @{decorator}("...") above the function'
            )
