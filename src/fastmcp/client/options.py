"""How a client connects and asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

from fastmcp.wire.lifecycle import DiscoverResult, Implementation
from fastmcp.wire.revisions import REVISIONS

from .arguments import Duration, in_seconds
from .negotiation import Mode
from .retrying import RetryPolicy

if TYPE_CHECKING:
    from .caching.config import CacheConfig

# How long opening may take unless somebody says otherwise, in seconds.
INIT_TIMEOUT = 30.0


class Options(Struct, frozen=True):
    """What the constructor of a client settles; times are in seconds.

    `timeout` is how long a request may be silent and `max_total_timeout` how long it may take,
    `init_timeout` is for the opening, `ping_interval` how often an open connection is looked at.
    With `hears_logs` modern servers are asked for all log messages, as those of the handshake era
    send them unasked.
    """

    info: Implementation
    mode: Mode
    timeout: float | None
    max_total_timeout: float | None
    init_timeout: float | None
    ping_interval: float | None
    max_rounds: int
    retry: RetryPolicy
    auto_initialize: bool
    prior_discover: DiscoverResult | None
    cache: CacheConfig | bool | None
    hears_logs: bool = False

    @classmethod
    def of(
        cls,
        *,
        mode: Mode,
        timeout: Duration | None,
        max_total_timeout: Duration | None,
        init_timeout: Duration | None,
        ping_interval: Duration | None,
        **others: Any,
    ) -> Self:
        """The options that a user means; an `init_timeout` of 0 is none.

        Raises:
            ValueError: there is no such mode, or a time is negative.
        """
        if mode not in ("auto", "legacy", *REVISIONS):
            known = ", ".join(REVISIONS)
            raise ValueError(f"mode={mode!r}: use 'auto', 'legacy' or a version ({known})")
        opening = INIT_TIMEOUT if init_timeout is None else in_seconds(init_timeout)
        return cls(
            mode=mode,
            timeout=in_seconds(timeout),
            max_total_timeout=in_seconds(max_total_timeout),
            init_timeout=opening or None,
            ping_interval=in_seconds(ping_interval),
            **others,
        )

    def patience(self, sign_in_time: float) -> float | None:
        """How long opening may take where a person may have to sign in; None for any time."""
        return None if self.init_timeout is None else self.init_timeout + sign_in_time
