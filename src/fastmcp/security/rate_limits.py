"""rate_limit: how often a function may be called, by whom."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable
from typing import Any, TypeVar

from fastmcp._components.functions.function import name_of
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.context import Context
from fastmcp.server.dependencies import get_access_token
from fastmcp.server.middleware.middleware import MiddlewareContext
from fastmcp.server.middleware.rate_limiters import Limiters, SlidingWindowRateLimiter
from fastmcp.server.middleware.rate_limiting import MAX_KEYS, RateLimitError
from fastmcp.server.middleware.rate_scopes import ANONYMOUS, client_of

from .guarding import guarded

F = TypeVar("F", bound=Callable[..., Any])


def rate_limit(
    requests: int,
    *,
    seconds: float = 60,
    by: str | Callable[[], str] | None = None,
    max_keys: int = MAX_KEYS,
    clock: Callable[[], float] = time.monotonic,
) -> Callable[[F], F]:
    """Let each caller call a function so often in any so many seconds; others get a
    `RateLimitError`. It stands below the decorator that registers the function.

    A caller is the owner of a token or API key, else the address or connection that the call
    comes from. `by` is something else to count by: the name of a parameter, such as one for a key,
    or a function that gives a text. Calls are counted in this process; a limit for all of a server,
    or for several processes, is `RateLimitingMiddleware`.

    Raises:
        ConfigurationError: numbers that are not positive, or no such parameter.
    """
    if requests < 1 or seconds <= 0 or max_keys < 1:
        given = f"requests={requests}, seconds={seconds}, max_keys={max_keys}"
        raise ConfigurationError(f"rate_limit({given}): give positive numbers")

    def decorate(function: F) -> F:
        # Texts to count by may be keys, which nobody should be told.
        limiters = Limiters(
            lambda: SlidingWindowRateLimiter(requests, seconds, clock=clock), max_keys
        )
        named = _key_of(by, function)

        def guard(*args: Any, **kwargs: Any) -> None:
            wait = limiters.wait(named(args, kwargs))
            if wait:
                raise RateLimitError(
                    f"{name_of(function)}() may be called {requests} times in {seconds:g} seconds; "
                    f"try again in {wait:.3g} seconds",
                    math.ceil(wait * 1000) / 1000,
                )

        return guarded(function, guard, "rate_limit")

    return decorate


def _key_of(
    by: str | Callable[[], str] | None, function: Any
) -> Callable[[tuple[Any, ...], dict[str, Any]], str]:
    if by is None:
        return lambda args, kwargs: _caller()
    if callable(by):
        return lambda args, kwargs: str(by())
    signature = inspect.signature(function)
    if by not in signature.parameters:
        raise ConfigurationError(f"by={by!r}: {name_of(function)}() has no such parameter")

    def given(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        bound = signature.bind_partial(*args, **kwargs)
        bound.apply_defaults()
        return str(bound.arguments.get(by))

    return given


def _caller() -> str:
    context = Context.current_or_none()
    if context is not None:
        return client_of(MiddlewareContext(message=None, fastmcp_context=context))
    return getattr(get_access_token(), "client_id", None) or ANONYMOUS
