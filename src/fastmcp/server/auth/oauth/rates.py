"""How often an endpoint may be called, by one address and by all."""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable

from msgspec import Struct

from ...middleware.rate_limiters import Limiters, TokenBucketRateLimiter

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


class Meter:
    """Counts the requests of an endpoint, in bounded memory: of addresses beyond `MAX_ADDRESSES`
    those are forgotten that called longest ago.
    """

    def __init__(self, rate: EndpointRate, clock: Callable[[], float] = time.monotonic) -> None:
        def bucket(rate: Rate) -> TokenBucketRateLimiter:
            return TokenBucketRateLimiter(rate.burst, rate.per_second, clock=clock)

        self._total = bucket(rate.total)
        self._addresses = Limiters(lambda: bucket(rate.address), MAX_ADDRESSES)

    def take(self, address: str) -> int:
        """0 for a request that may be answered, else the seconds until the next one may."""
        key = _network(address)
        wait = self._addresses.wait(key)
        if not wait and (wait := self._total.take()):
            self._addresses[key].give_back()
        return math.ceil(wait)


def _network(address: str) -> str:
    """An address of IPv4, and the network of one of IPv6, which is what a caller has there."""
    if ":" not in address:
        return address
    try:
        network = ipaddress.ip_network((address.partition("%")[0], 64), strict=False)
    except ValueError:
        return address
    return str(network)
