"""AuthMiddleware: checks that hold for everything that a server offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from fastmcp._components.component import Component, checks_of
from fastmcp.exceptions import AuthorizationError, ConfigurationError
from fastmcp.server.auth.authorization import permit
from fastmcp.server.auth.checks import (
    AuthCheck,
    AuthContext,
    ScopeCheck,
    ScopeShortfall,
    run_auth_checks,
    run_auth_checks_with_shortfall,
    scope_requirements,
)
from fastmcp.server.context import Context
from fastmcp.wire.features import SubscribeRequestParams
from fastmcp.wire.notifications import SubscriptionsListenRequestParams

from .addressed import addressed, resource_at
from .middleware import CallNext, Middleware, MiddlewareContext

C = TypeVar("C", bound=Component)


class AuthMiddleware(Middleware):
    """Lets callers see and use only what every check of `auth` lets them.

    A check is a function of an `AuthContext`, plain or async; one that raises counts as failed.
    What a component's own `auth=` says comes first. Whoever lacks nothing but scopes is told which,
    over HTTP in a challenge that its client can answer (403, `insufficient_scope`). Over stdio the
    caller is the user of this machine, and nothing is checked.

    Raises:
        ConfigurationError: a check that cannot be called.
    """

    def __init__(self, auth: AuthCheck | list[AuthCheck]) -> None:
        self.auth: AuthCheck | list[AuthCheck] = auth
        checks = checks_of(auth)
        if not checks or not all(callable(check) for check in checks):
            raise ConfigurationError(
                f"auth= takes a function of an AuthContext, or a list of them, not {auth!r}"
            )

    async def on_list_tools(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The tools that the caller may use."""
        return await self._allowed(context, await call_next(context))

    async def on_list_resources(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The resources that the caller may read."""
        return await self._allowed(context, await call_next(context))

    async def on_list_resource_templates(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The templates that the caller may use."""
        return await self._allowed(context, await call_next(context))

    async def on_list_prompts(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The prompts that the caller may use."""
        return await self._allowed(context, await call_next(context))

    async def on_call_tool(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The call, if it is allowed."""
        await self._require(context, f"tool {context.message.name!r}")
        return await call_next(context)

    async def on_get_prompt(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The prompt, if it is allowed."""
        await self._require(context, f"prompt {context.message.name!r}")
        return await call_next(context)

    async def check_resource_access(self, context: MiddlewareContext[Any]) -> None:
        """Refuse what the caller may not read."""
        await self._require(context, f"resource {str(context.message.uri)!r}")

    async def on_complete(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The completion, if what it is for is allowed."""
        ref = context.message.ref
        await self._require(context, f"{ref.type} {getattr(ref, 'name', None) or ref.uri!r}")
        return await call_next(context)

    async def on_request(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Any request; one to watch resources, as far as the caller may read them."""
        message = context.message
        if isinstance(message, SubscribeRequestParams):
            await self._require(context, f"resource {message.uri!r}")
        elif isinstance(message, SubscriptionsListenRequestParams):
            wanted = message.notifications
            if wanted.resource_subscriptions:
                wanted.resource_subscriptions = [
                    uri
                    for uri in wanted.resource_subscriptions
                    if await self._may_watch(context, uri)
                ]
        return await call_next(context)

    async def _may_watch(self, context: MiddlewareContext[Any], uri: str) -> bool:
        served = context.fastmcp_context
        if served is None:
            return False
        return await self._sees(served, await resource_at(served, uri))

    async def _allowed(self, context: MiddlewareContext[Any], listed: Sequence[C]) -> Sequence[C]:
        served = context.fastmcp_context
        if served is None:
            return []
        if served.transport == "stdio":
            return listed
        return [component for component in listed if await self._sees(served, component)]

    async def _sees(self, served: Context, component: Component | None) -> bool:
        try:
            return served.transport == "stdio" or await self._passes(served, component)
        except AuthorizationError:
            return False

    async def _require(self, context: MiddlewareContext[Any], what: str) -> None:
        """Refuse a component that is not there in the words for one that is not allowed.

        Raises:
            AuthorizationError: a check failed, or what a check raised.
        """
        served = context.fastmcp_context
        if served is None:
            raise AuthorizationError(f"Authorization failed for {what}: missing context")
        if served.transport == "stdio":
            return
        message = context.message
        if isinstance(message, SubscribeRequestParams):
            component = await resource_at(served, message.uri)
        else:
            component = await addressed(served, message)
        if component is None or await permit(component) is None:
            raise AuthorizationError(
                f"Authorization failed for {what}: not found or not authorized"
            )
        ctx = AuthContext(served.access_token, component)
        passed, missing = await run_auth_checks_with_shortfall(self.auth, ctx)
        if missing:
            raise self._shortfall(served, ctx, what)
        if not passed:
            raise AuthorizationError(f"Authorization failed for {what}: insufficient permissions")

    def _shortfall(self, served: Context, ctx: AuthContext, what: str) -> ScopeShortfall:
        """The error of a token that lacks scopes: all of them, so that the next one is let in.

        Those that middleware further inside asks for are told as well, up to the first that
        decides by something else: what is behind it may not be for this caller.
        """
        members = [m for m in served.fastmcp.middleware if isinstance(m, AuthMiddleware)]
        here = members.index(self) if self in members else -1
        checks = [*ctx.component.checks]
        for position, member in enumerate(members if here >= 0 else [self]):
            if position > here >= 0 and scope_requirements(member.auth, ctx) is None:
                break
            checks += checks_of(member.auth)
        missing: set[str] = set()
        needed: set[str] = set()
        for check in checks:
            if isinstance(check, ScopeCheck):
                missing |= check.missing_scopes(ctx)
                needed |= check.needed_scopes(ctx.component)
        told = ", ".join(sorted(missing))
        text = f"Authorization failed for {what}: insufficient scope (required: {told})"
        return ScopeShortfall(sorted(missing), needed, message=text)

    async def _passes(self, served: Context, component: Component | None) -> bool:
        if component is None:
            return False
        return await run_auth_checks(self.auth, AuthContext(served.access_token, component))
