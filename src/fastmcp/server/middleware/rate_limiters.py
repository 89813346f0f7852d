"""What counts requests in this process."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Limiter(Protocol):
    """Counts the requests of one client."""

    def take(self) -> float:
        """Count a request, if it is admitted: 0. Otherwise the seconds until it may be."""
        ...


class TokenBucketRateLimiter:
    """Holds `capacity` tokens, full at first, and gets `refill_rate` more in a second."""

    def __init__(
        self,
        capacity: float,
        refill_rate: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.capacity = capacity
        self.refill_rate = refill_rate
        self.tokens: float = capacity
        self.last_refill: float = clock()
        self._clock = clock
        self._lock = threading.Lock()

    def take(self, tokens: float = 1) -> float:
        """Take tokens: 0 if they were there, else the seconds until they will be."""
        with self._lock:
            now = self._clock()
            gained = max(0.0, now - self.last_refill) * self.refill_rate
            self.tokens = min(self.capacity, self.tokens + gained)
            self.last_refill = now
            if self.tokens > tokens - 1e-9:
                self.tokens -= tokens
                return 0.0
            rate = self.refill_rate
            return (tokens - self.tokens) / rate if rate else math.inf

    def give_back(self, tokens: float = 1) -> None:
        """Undo a taking: what it was for did not come about."""
        with self._lock:
            self.tokens = min(self.capacity, self.tokens + tokens)

    async def consume(self, tokens: float = 1) -> bool:
        """Take tokens; whether they were there."""
        return self.take(tokens) == 0


class SlidingWindowRateLimiter:
    """Admits `max_requests` in any `window_seconds`."""

    def __init__(
        self,
        max_requests: int,
        window_seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_requests = max_requests
        self.window_seconds = window_seconds
        self.requests: deque[float] = deque()
        self._clock = clock
        self._lock = threading.Lock()

    def take(self) -> float:
        """Count a request, if it is admitted: 0. Otherwise the seconds until it may be."""
        with self._lock:
            requests, now = self.requests, self._clock()
            while requests and requests[0] <= now - self.window_seconds:
                requests.popleft()
            if len(requests) < self.max_requests:
                requests.append(now)
                return 0.0
            return requests[0] + self.window_seconds - now

    async def is_allowed(self) -> bool:
        """Count a request; whether it is admitted."""
        return self.take() == 0


L = TypeVar("L", bound=Limiter)


class Limiters(OrderedDict[str, L], Generic[L]):
    """Limiters by name, made when they are asked for; those that were asked for last are kept."""

    def __init__(self, make: Callable[[], L], most: int) -> None:
        super().__init__()
        self._make = make
        self._most = most
        self._lock = threading.Lock()

    def __missing__(self, key: str) -> L:
        limiter = self[key] = self._make()
        if len(self) > self._most:
            self.popitem(last=False)
        return limiter

    def wait(self, key: str) -> float:
        """How long a request has to wait, 0 if it is admitted."""
        with self._lock:
            limiter = self[key]
            self.move_to_end(key)
        return limiter.take()
