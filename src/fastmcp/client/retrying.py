"""When a request that failed is sent again, and how long after."""

from __future__ import annotations

import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from msgspec import Struct

from fastmcp.exceptions import ConnectFailed, Disconnected, SessionExpired, UnexpectedResponse

When: TypeAlias = Literal["always", "safe", "never"]
"""`"safe"`: only what may be carried out twice. Those are all requests but calls of tools that are
not annotated as read-only or idempotent, and methods that the protocol does not have.
"""

BY_ERROR: Mapping[type[Exception], When] = MappingProxyType(
    {ConnectFailed: "always", SessionExpired: "always", Disconnected: "safe"}
)
BY_STATUS: Mapping[int, When] = MappingProxyType(
    {429: "always", 503: "always", 500: "safe", 502: "safe", 504: "safe"}
)


class RetryPolicy(Struct, frozen=True, kw_only=True):
    """Which failures are met by sending the request again.

    `attempts` counts the first one, too. The pause before the second is `delay` seconds and doubles
    from one to the next, up to `max_delay`; up to half of it is left out at random, so that clients
    do not come back all at once. A server's `Retry-After` is obeyed; one beyond `max_delay` ends
    the trying, as does the request's own timeout.

    `errors` says what is done about an error of a class, the nearest one first, and `statuses`
    about an answer over HTTP that is not MCP; other failures are final. The defaults repeat what
    was certainly not carried out, and of what may have been only the `"safe"`.
    """

    attempts: int = 3
    delay: float = 0.1
    max_delay: float = 30.0
    errors: Mapping[type[Exception], When] = BY_ERROR
    statuses: Mapping[int, When] = BY_STATUS

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(
                f"RetryPolicy: attempts={self.attempts}: it is at least 1, which is no retry"
            )
        for name, seconds in (("delay", self.delay), ("max_delay", self.max_delay)):
            if seconds < 0:
                raise ValueError(f"RetryPolicy: {name}={seconds}: give seconds, 0 or more")

    def pause(self, error: Exception, attempt: int, *, safe: bool) -> float | None:
        """The seconds to wait after a failed `attempt`, counted from 1; None to give up."""
        when = self._when(error)
        if attempt >= self.attempts or when == "never" or (when == "safe" and not safe):
            return None
        if isinstance(error, SessionExpired):
            return 0.0
        wanted = getattr(error, "retry_after", None)
        if wanted is not None:
            return wanted if wanted <= self.max_delay else None
        longest = min(self.delay * 2 ** (attempt - 1), self.max_delay)
        return longest * random.uniform(0.5, 1.0)

    def _when(self, error: Exception) -> When:
        for kind in type(error).__mro__:
            if kind in self.errors:
                return self.errors[kind]
        if isinstance(error, UnexpectedResponse):
            return self.statuses.get(error.status, "never")
        return "never"
