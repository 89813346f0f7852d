"""CacheConfig: how a client remembers responses."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastmcp.exceptions import ConfigurationError

from .entries import ResponseCacheStore

MAX_TTL_MS: Final = 24 * 60 * 60 * 1000
"""No response is kept for longer than a day, whatever a server says."""


@dataclass(frozen=True, slots=True)
class CacheConfig:
    """How a client remembers responses.

    `store` is where, in the client's own memory by default. In a store that others use, too, a
    response that the server calls private is only found again under the same `partition`: a name of
    whoever is logged in, never of the request. `share_public` lets every partition have what the
    server calls public; that trusts the server with it.

    `target_id` names the server where its URL does not. `default_ttl_ms` is for responses that do
    not say how long they hold, of handshake servers, too; 0 does not keep those.

    Raises:
        ConfigurationError: a store without a partition, an empty `target_id`, a negative time.
    """

    store: ResponseCacheStore | None = None
    partition: str = ""
    target_id: str | None = None
    default_ttl_ms: int = 0
    clock: Callable[[], float] = time.time
    share_public: bool = False

    def __post_init__(self) -> None:
        if self.store is not None and not self.partition:
            raise ConfigurationError(
                "CacheConfig(store=…) needs partition=…, a name of whose responses they are, so "
                "that nobody is given what a server meant for somebody else"
            )
        if self.target_id == "":
            raise ConfigurationError("CacheConfig(target_id='') names no server; leave it out")
        if self.default_ttl_ms < 0:
            raise ConfigurationError(
                f"CacheConfig(default_ttl_ms={self.default_ttl_ms}) is a time in the past; "
                "0 keeps nothing"
            )
