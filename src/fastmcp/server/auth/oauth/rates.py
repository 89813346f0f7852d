"""How often an endpoint may be called, by one address and by all."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct

MAX_ADDRESSES = 10_000


class Rate(Struct, frozen=True):
    """`burst` requests at once, and `per_second` more in each second."""

    burst: float
    per_second: float


class EndpointRate(Struct, frozen=True):
    """How often one address may call, and how often all of them together."""

    address: Rate
    total: Rate


class OAuthRates(Struct, frozen=True, kw_only=True):
    """How often the endpoints of an authorization server may be called; None for as often as one
    likes. Behind a proxy all callers have its address, unless the HTTP server is told to trust
    what the proxy says of them.
    """

    register: EndpointRate | None = EndpointRate(Rate(30, 0.5), Rate(300, 5))
    authorize: EndpointRate | None = EndpointRate(Rate(100, 5), Rate(1_000, 50))
    token: EndpointRate | None = EndpointRate(Rate(200, 20), Rate(5_000, 500))


class _Level(Struct):
    """What is left of a bucket at a time."""

    left: float
    at: float


class Meter:
    """Counts the requests of an endpoint, in bounded memory: of addresses beyond `MAX_ADDRESSES`
    those are forgotten that called longest ago.
    """

    def __init__(self, rate: EndpointRate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._total = _Level(rate.total.burst, clock())
        self._levels: OrderedDict[str, _Level] = OrderedDict()

    def take(self, address: str) -> int:
        """0 for a request that may be answered, else the seconds until the next one may."""
        now = self._clock()
        key = _network(address)
        level = self._levels.pop(key, None) or _Level(self._rate.address.burst, now)
        self._levels[key] = level
        if len(self._levels) > MAX_ADDRESSES:
            self._levels.popitem(last=False)
        wait = _waiting(level, self._rate.address, now) or _waiting(
            self._total, self._rate.total, now
        )
        if wait:
            return wait
        level.left -= 1
        self._total.left -= 1
        return 0


def _waiting(level: _Level, rate: Rate, now: float) -> int:
    level.left = min(rate.burst, level.left + (now - level.at) * rate.per_second)
    level.at = now
    return 0 if level.left >= 1 else max(1, math.ceil((1 - level.left) / rate.per_second))


def _network(address: str) -> str:
    """An address of IPv4, and the network of one of IPv6, which is what a caller has there."""
    if ":" not in address:
        return address
    try:
        network = ipaddress.ip_network((address.partition("%")[0], 64), strict=False)
    except ValueError:
        return address
    return str(network)
