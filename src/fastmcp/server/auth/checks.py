"""Checks: functions that decide by a caller's token whether a component is for it."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from msgspec import Struct

from fastmcp._components.component import Component, checks_of
from fastmcp._logging.tracebacks import exc_info_of
from fastmcp.exceptions import AuthorizationError, ConfigurationError, InsufficientScopeError

logger: Final = logging.getLogger("fastmcp.server.auth")

AuthCheck: TypeAlias = Callable[["AuthContext"], bool | Awaitable[bool]]
Extract: TypeAlias = Callable[[dict[str, Any]], Iterable[str]]


class AuthContext(Struct, frozen=True):
    """What a check decides by: the caller's token, None without one, and the component."""

    token: Any
    component: Component

    @property
    def tool(self) -> Component | None:
        """The component, if it is a tool."""
        return self.component if self.component.KIND == "tool" else None


class ScopeCheck:
    """A check that can tell which scopes a token lacks, so that its client can ask for them."""

    def needed_scopes(self, component: Component) -> frozenset[str]:
        """The scopes that a token needs for a component."""
        raise NotImplementedError

    def missing_scopes(self, ctx: AuthContext) -> set[str]:
        """Those of them that the token lacks; none without a token, which is another matter."""
        if ctx.token is None:
            return set()
        return set(self.needed_scopes(ctx.component)).difference(ctx.token.scopes)


class RequireScopes(ScopeCheck):
    """Passes tokens that have all `required_scopes`."""

    def __init__(self, scopes: Iterable[str]) -> None:
        self.required_scopes: frozenset[str] = _scopes(scopes, "require_scopes")

    def __call__(self, ctx: AuthContext) -> bool:
        return ctx.token is not None and not self.missing_scopes(ctx)

    def needed_scopes(self, component: Component) -> frozenset[str]:
        return self.required_scopes


class RestrictTag(ScopeCheck):
    """Passes every component without `tag`, and the others as `RequireScopes` does."""

    def __init__(self, tag: str, scopes: Iterable[str]) -> None:
        self.tag = tag
        self.required_scopes: frozenset[str] = _scopes(scopes, "restrict_tag")

    def __call__(self, ctx: AuthContext) -> bool:
        if self.tag not in ctx.component.tags:
            return True
        return ctx.token is not None and not self.missing_scopes(ctx)

    def needed_scopes(self, component: Component) -> frozenset[str]:
        return self.required_scopes if self.tag in component.tags else frozenset()


class RequireRoles:
    """Passes tokens of callers who have all `required_roles`. There is no asking for roles, so
    that this tells nobody what is missing.
    """

    def __init__(self, roles: Iterable[str], extract: Extract | None) -> None:
        self.required_roles: frozenset[str] = frozenset(roles)
        if not self.required_roles:
            raise ConfigurationError(
                "require_roles() needs a role; without one it would let everybody in who has a "
                "token"
            )
        self._extract = roles_in if extract is None else extract

    def __call__(self, ctx: AuthContext) -> bool:
        return not self.missing_roles(ctx.token)

    def missing_roles(self, token: Any) -> frozenset[str]:
        """Those of the roles that the owner of a token does not have."""
        if token is None:
            return self.required_roles
        try:
            given = self._extract(getattr(token, "claims", None) or {})
            roles = {given} if isinstance(given, str) else set(given)
        except (KeyError, IndexError, TypeError):  # a token without the claim has no roles
            return self.required_roles
        return self.required_roles - roles


def require_scopes(*scopes: str) -> RequireScopes:
    """A check that the caller's token has all of these scopes."""
    return RequireScopes(scopes)


def restrict_tag(tag: str, *, scopes: list[str]) -> RestrictTag:
    """A check that whoever uses what has this tag has all of these scopes."""
    return RestrictTag(tag, scopes)


def require_roles(*roles: str, extract: Extract | None = None) -> RequireRoles:
    """A check that the caller has all of these roles.

    `extract` finds them in the claims of a token, where each issuer has its own place for them:
    `lambda claims: claims["realm_access"]["roles"]`. By default they are the claim `roles`, and
    `role`. A token without the claim has none, and a single text is a single role.

    Raises:
        ConfigurationError: no roles.
    """
    return RequireRoles(roles, extract)


def roles_in(claims: Mapping[str, Any]) -> set[str]:
    """The roles that claims tell of under their usual names."""
    found: set[str] = set()
    for name in ("roles", "role"):
        value = claims.get(name) or ()
        found.update((value,) if isinstance(value, str) else value)
    return found


async def run_auth_checks(checks: AuthCheck | list[AuthCheck], ctx: AuthContext) -> bool:
    """Whether every check passes: functions of the context, plain or async. One that breaks does
    not.

    Raises:
        AuthorizationError: a check refuses in words of its own.
    """
    for check in checks_of(checks):
        if not await _passes(check, ctx):
            return False
    return True


async def run_auth_checks_with_shortfall(
    checks: AuthCheck | list[AuthCheck], ctx: AuthContext
) -> tuple[bool, list[str]]:
    """As `run_auth_checks`; and the scopes that the token lacks, if nothing else is in the way.

    These are the scopes of all checks together, so that whoever asks for them is let in the next
    time. They are told only to callers whom every other check lets pass.

    Raises:
        AuthorizationError: a check refuses in words of its own.
    """
    missing: set[str] = set()
    passed = True
    for check in checks_of(checks):
        if await _passes(check, ctx):
            continue
        if not isinstance(check, ScopeCheck):
            return False, []
        passed = False
        missing |= check.missing_scopes(ctx)
    return passed, sorted(missing)


def scope_requirements(checks: AuthCheck | list[AuthCheck], ctx: AuthContext) -> list[str] | None:
    """The scopes that the token lacks for checks which are not run here; None if one of them
    decides by something else, so that nobody knows what it would say.
    """
    missing: set[str] = set()
    for check in checks_of(checks):
        if not isinstance(check, ScopeCheck):
            return None
        missing |= check.missing_scopes(ctx)
    return sorted(missing)


class ScopeShortfall(InsufficientScopeError):
    """The error of checks: `needed` are all the scopes that they ask for, those that the token has
    included. A client that replaces its token by one with the missing scopes alone would be
    refused for the others.
    """

    def __init__(
        self, required_scopes: list[str], needed: Iterable[str], *, message: str | None = None
    ) -> None:
        super().__init__(required_scopes, message=message)
        self.log_level = logging.WARNING
        self.needed: list[str] = sorted(needed)


async def _passes(check: AuthCheck, ctx: AuthContext) -> bool:
    try:
        outcome = check(ctx)
        return bool(await outcome if inspect.isawaitable(outcome) else outcome)
    except AuthorizationError:
        raise
    except Exception as error:
        name = getattr(check, "__name__", type(check).__name__)
        what = "The check %s of %r failed, which refuses it"
        logger.warning(what, name, ctx.component.key, exc_info=exc_info_of(error))
        return False


def _scopes(given: Iterable[str], function: str) -> frozenset[str]:
    if isinstance(given, str):
        given = [given]
    scopes = list(given)
    for scope in scopes:
        if not isinstance(scope, str) or not scope or " " in scope:  # type: ignore[redundant-expr]
            raise ConfigurationError(f"{function}(): {scope!r} is no scope, a text without spaces")
    return frozenset(scopes)
