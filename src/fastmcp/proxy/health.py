"""Whether a backend is used: after failures in a row it rests, then it is tried."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, TypeAlias

from msgspec import Struct

from fastmcp.transports import check_positive

State: TypeAlias = Literal["healthy", "ejected", "on trial"]


class HealthPolicy(Struct, frozen=True, kw_only=True):
    """When a backend is no longer used, and when it is again. Times are in seconds.

    Every `interval` a backend is asked whether it is there, and has `timeout` to answer; with
    `interval=None` only calls tell. After `failures` in a row, of either kind, it is ejected for
    `backoff`, and for twice as long each time that it then fails again, up to `max_backoff`.
    """

    interval: float | None = 10.0
    timeout: float = 5.0
    failures: int = 3
    backoff: float = 1.0
    max_backoff: float = 30.0

    def __post_init__(self) -> None:
        check_positive(
            interval=self.interval,
            timeout=self.timeout,
            failures=self.failures,
            backoff=self.backoff,
            max_backoff=self.max_backoff,
        )


class Health:
    """The circuit of one backend."""

    def __init__(self, policy: HealthPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self.policy = policy
        self.last_error: str | None = None
        self._clock = clock
        self._failures = 0
        self._ejections = 0
        self._ejected_until: float | None = None
        self._on_trial = False

    @property
    def state(self) -> State:
        """ "on trial" while the first call after an ejection is under way."""
        if self._ejected_until is None:
            return "healthy"
        return "on trial" if self._on_trial else "ejected"

    @property
    def good(self) -> bool:
        """Whether it is used like the others."""
        return self._ejected_until is None

    @property
    def failing(self) -> bool:
        """Whether what was sent there last has failed."""
        return self._failures > 0

    @property
    def admits(self) -> bool:
        """Whether a call may be sent there, if only as a trial."""
        return self.good or (not self._on_trial and self.rest == 0)

    @property
    def rest(self) -> float:
        """In how many seconds it may be tried."""
        until = self._ejected_until
        return 0.0 if until is None else max(0.0, until - self._clock())

    def begin(self) -> bool:
        """A call is sent there; whether it is a trial."""
        if self.good:
            return False
        self._on_trial = True
        return True

    def succeeded(self) -> bool:
        """It answered; whether it comes back by that."""
        recovered = not self.good
        self._failures = self._ejections = 0
        self._ejected_until, self._on_trial = None, False
        return recovered

    def failed(self, error: BaseException, trial: bool = False) -> bool:
        """It did not answer; whether it is ejected by that."""
        self.last_error = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        if trial:
            self._on_trial = False
        elif not self.good:
            return False  # what was sent there before it was ejected says nothing new
        self._failures += 1
        if not trial and self._failures < self.policy.failures:
            return False
        rest = self.policy.backoff * 2 ** min(self._ejections, 30)
        self._ejections += 1
        self._ejected_until = self._clock() + min(rest, self.policy.max_backoff)
        return True

    def forgone(self, trial: bool) -> None:
        """A call was ended before it said anything of the backend."""
        if trial:
            self._on_trial = False
