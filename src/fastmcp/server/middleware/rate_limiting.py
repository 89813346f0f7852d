"""Rate limits: a token bucket, and a sliding window."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Any

from fastmcp.exceptions import ConfigurationError, LimitError
from fastmcp.transports import check_positive

from .middleware import CallNext, Middleware, MiddlewareContext
from .rate_limiters import (
    Limiters,
    SlidingWindowRateLimiter,
    TokenBucketRateLimiter,
)
from .rate_scopes import KeyFunction, Per, RateScope
from .rate_stores import PAUSE, Bucket, OnStoreFailure, Rate, SharedRate, Window, checked_on_failure

__all__ = [
    "RateLimitError",
    "RateLimitingMiddleware",
    "SlidingWindowRateLimiter",
    "SlidingWindowRateLimitingMiddleware",
    "TokenBucketRateLimiter",
]

MAX_KEYS = 10_000


class RateLimitError(LimitError):
    """There were too many requests."""

    def __init__(
        self, message: str = "Rate limit exceeded", retry_after: float | None = None
    ) -> None:
        super().__init__(message, retry_after)


class _RateLimit(Middleware):
    """What both do with a request; how a refusal reads is theirs."""

    limiters: Limiters[Any]
    _scope: RateScope
    _shared: SharedRate | None

    async def on_request(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Refuse the request if there were too many."""
        if self._scope.covers(context):
            key = await self._get_client_identifier(context)
            shared = self._shared
            wait = self.limiters.wait(key) if shared is None else await shared.wait(key)
            if wait != 0:
                raise self._refusal(key, wait)
        return await call_next(context)

    async def _get_client_identifier(self, context: MiddlewareContext[Any]) -> str:
        return await self._scope.key(context)

    def _refusal(self, key: str, wait: float | None) -> RateLimitError:
        raise NotImplementedError


class RateLimitingMiddleware(_RateLimit):
    """Refuses requests beyond `max_requests_per_second`, `burst_capacity` of which may come at once
    (twice the rate by default).

    Requests are counted `per` `"client"`, `"principal"`, `"tool"` or `"global"`, or by what a
    function of the context names, which may be async; `get_client_id` is such a function, too. By
    default, and with `global_limit`, all are counted together. Those of `methods` are counted, and
    of calls those of `tools`; by default all.

    With a `store`, the limit is one for all processes that have it: a Redis URL, a client of
    redis-py, or a `RateStore`. While it cannot be reached, `on_store_failure` is what happens:
    `"allow"` or `"refuse"`. Without a store `max_keys` are kept at a time, those used last.

    Raises:
        ConfigurationError: an option that cannot be, or two that say the same.
    """

    def __init__(
        self,
        max_requests_per_second: float = 10.0,
        burst_capacity: int | None = None,
        get_client_id: KeyFunction | None = None,
        global_limit: bool = False,
        *,
        per: Per | None = None,
        methods: Iterable[str] | None = None,
        tools: Iterable[str] | None = None,
        store: Any = None,
        on_store_failure: OnStoreFailure = "allow",
        max_keys: int = MAX_KEYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        given = {
            "max_requests_per_second": max_requests_per_second,
            "burst_capacity": burst_capacity,
        }
        for name, number in given.items():
            if number is not None and number < 0:
                raise ConfigurationError(f"{name}={number}: it must not be negative")
        at_least = 1 if max_requests_per_second else 0  # a rate of 0 refuses everything
        twice = max(at_least, int(max_requests_per_second * 2))
        self.max_requests_per_second = max_requests_per_second
        self.burst_capacity: int = burst_capacity or twice
        self.get_client_id = get_client_id
        self.global_limit = global_limit

        def limiter() -> TokenBucketRateLimiter:
            return TokenBucketRateLimiter(
                self.burst_capacity, self.max_requests_per_second, clock=clock
            )

        check_positive(max_keys=max_keys)
        self.limiters: Limiters[Any] = Limiters(limiter, max_keys)
        if global_limit:
            self.global_limiter: Any = self.limiters["global"]
        self._scope = RateScope(_per(per, get_client_id, global_limit), methods, tools)
        rate = Bucket(self.burst_capacity, max_requests_per_second)
        self._shared = _shared(store, rate, self._scope, on_store_failure, clock)

    def _refusal(self, key: str, wait: float | None) -> RateLimitError:
        if self.global_limit:
            return _refusal("Global rate limit exceeded", wait)
        return _refusal(f"Rate limit exceeded for {self._scope.subject(key)}", wait)


class SlidingWindowRateLimitingMiddleware(_RateLimit):
    """Refuses requests beyond `max_requests` in any `window_minutes`, or `window_seconds`.

    The other options are those of `RateLimitingMiddleware`. It is exact, and for that keeps the
    time of every request in the window.

    Raises:
        ConfigurationError: an option that cannot be, or two that say the same.
    """

    def __init__(
        self,
        max_requests: int,
        window_minutes: float = 1,
        get_client_id: KeyFunction | None = None,
        *,
        window_seconds: float | None = None,
        per: Per | None = None,
        methods: Iterable[str] | None = None,
        tools: Iterable[str] | None = None,
        store: Any = None,
        on_store_failure: OnStoreFailure = "allow",
        max_keys: int = MAX_KEYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        check_positive(
            max_requests=max_requests,
            window_minutes=window_minutes,
            window_seconds=window_seconds,
            max_keys=max_keys,
        )
        self.max_requests = max_requests
        self.window_seconds: float = (
            window_minutes * 60 if window_seconds is None else window_seconds
        )
        self.get_client_id = get_client_id

        def limiter() -> SlidingWindowRateLimiter:
            return SlidingWindowRateLimiter(self.max_requests, self.window_seconds, clock=clock)

        self.limiters: Limiters[Any] = Limiters(limiter, max_keys)
        self._scope = RateScope(_per(per, get_client_id, False), methods, tools)
        rate = Window(max_requests, self.window_seconds)
        self._shared = _shared(store, rate, self._scope, on_store_failure, clock)

    def _refusal(self, key: str, wait: float | None) -> RateLimitError:
        minutes, rest = divmod(self.window_seconds, 60)
        window = f"{self.window_seconds:g} seconds" if rest else f"{minutes:g} minutes"
        return _refusal(
            f"Rate limit exceeded: {self.max_requests} requests per {window} for "
            f"{self._scope.subject(key)}",
            wait,
        )


def _per(per: Per | None, get_client_id: KeyFunction | None, global_limit: bool) -> Per:
    if per is not None and (get_client_id is not None or (global_limit and per != "global")):
        raise ConfigurationError(
            "per=, get_client_id= and global_limit= say the same in different ways; give one"
        )
    if global_limit:
        return "global"
    return per or get_client_id or "global"


def _shared(
    store: Any,
    rate: Rate,
    scope: RateScope,
    on_failure: OnStoreFailure,
    clock: Callable[[], float],
) -> SharedRate | None:
    checked_on_failure(on_failure)
    if store is None:
        return None
    return SharedRate(store, rate, scope.describe(), on_failure, clock)


def _refusal(text: str, wait: float | None) -> RateLimitError:
    """The error for a request that would have to wait; None: nobody knows how long."""
    if wait is None:
        return RateLimitError("Rate limits cannot be checked now; try again later", PAUSE)
    if math.isinf(wait):
        return RateLimitError(text)
    return RateLimitError(f"{text}; try again in {wait:.3g} seconds", math.ceil(wait * 1000) / 1000)
