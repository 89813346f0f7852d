"""Counting requests where several processes see it: in Redis."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from msgspec import Struct

from fastmcp.exceptions import ConfigurationError, StoreUnavailable

from ..inputs.fingerprint import fingerprint
from ..lifetime.held import Held

if TYPE_CHECKING:
    from ..backplane.redis_link import Link, LinkKeeper

logger: Final = logging.getLogger("fastmcp.server.middleware")

OnStoreFailure: TypeAlias = Literal["allow", "refuse"]

# How often a store that failed is asked again, in seconds.
PAUSE = 1.0
_FOR_GOOD = 10 * 365 * 24 * 3600.0
_CHOICES = (
    "a URL (redis://, rediss:// or unix://), a client of redis-py, or an object with "
    "`async def take(key, rate)`"
)


class Bucket(Struct, frozen=True):
    """`capacity` requests at once, and `refill_rate` more in a second."""

    capacity: float
    refill_rate: float


class Window(Struct, frozen=True):
    """`max_requests` in any `seconds`."""

    max_requests: int
    seconds: float


Rate: TypeAlias = Bucket | Window


class RateStore(Protocol):
    """Counts requests for all processes that share it."""

    async def take(self, key: str, rate: Rate) -> float:
        """Count a request, if the rate admits it: 0. Otherwise the seconds until it may.

        Raises:
            StoreUnavailable: that cannot be told now.
        """
        ...


class RedisRateStore:
    """Counts in a Redis server, or one that speaks its protocol, by its clock: each request is one
    script, so what it decides is decided at once.

    Takes a URL or a client of redis-py, whose settings are used for a connection of our own. All
    names begin with `prefix`: servers with the same limits and the same prefix share them. What
    is asked of a server that says nothing for `timeout` seconds fails.
    """

    def __init__(
        self, url_or_client: Any, *, prefix: str = "fastmcp", timeout: float = 5.0
    ) -> None:
        from ..backplane.redis_opening import RedisServer

        self._server = RedisServer(url_or_client, timeout)
        self._timeout = timeout
        self._prefix = prefix
        self._scripts = {Bucket: _Script(_TAKE_OF_BUCKET), Window: _Script(_TAKE_OF_WINDOW)}
        # Connections belong to an event loop, and are closed when it ends.
        self._keepers: dict[asyncio.AbstractEventLoop, tuple[LinkKeeper, Held]] = {}

    async def take(self, key: str, rate: Rate) -> float:
        from ..backplane.resp import Refusal, encode

        script = self._scripts[type(rate)]
        name = f"{self._prefix}:{type(rate).__name__.lower()}:{key}"
        words = (b"1", name.encode(), *_words(rate))
        link = await self._link()
        try:
            wait: bytes = await link.send(encode(b"EVALSHA", script.digest, *words))
        except Refusal:  # the server does not know it any more
            wait = await link.send(encode(b"EVAL", script.source, *words))
        return float(wait)

    async def close(self) -> None:
        """Close the connection of the running loop; the next request opens one again."""
        found = self._keepers.get(asyncio.get_running_loop())
        if found is not None:
            await found[1].close()

    async def _link(self) -> Link:
        found = self._keepers.get(asyncio.get_running_loop())
        keeper = self._new_keeper() if found is None else found[0]
        link = keeper.link
        return link if link is not None and link.alive else await keeper.get()

    def _new_keeper(self) -> LinkKeeper:
        from ..backplane.redis_link import LinkKeeper

        loop, keeper = asyncio.get_running_loop(), LinkKeeper(self._connect)
        self._keepers[loop] = keeper, Held(self._while_kept(loop, keeper))
        return keeper

    @asynccontextmanager
    async def _while_kept(
        self, loop: asyncio.AbstractEventLoop, keeper: LinkKeeper
    ) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            del self._keepers[loop]
            await keeper.close()

    async def _connect(self) -> Link:
        from ..backplane.redis_link import Link
        from ..backplane.resp import encode

        link = Link(await self._server.connect(), self._timeout)
        with suppress(StoreUnavailable):  # whoever asks will hear of it
            for script in self._scripts.values():
                await link.send(encode(b"SCRIPT", b"LOAD", script.source))
        return link


class _Script:
    """What a server runs as one command."""

    def __init__(self, source: str) -> None:
        from hashlib import sha1

        self.source = source.encode()
        self.digest = sha1(self.source, usedforsecurity=False).hexdigest().encode()


def _words(rate: Rate) -> tuple[bytes, ...]:
    if isinstance(rate, Window):
        return b"%d" % rate.max_requests, b"%d" % round(rate.seconds * 1e6)
    filling = rate.capacity / rate.refill_rate if rate.refill_rate else _FOR_GOOD
    ttl = math.ceil(min(filling, _FOR_GOOD) * 1000) + 1000
    return repr(rate.capacity).encode(), repr(rate.refill_rate).encode(), b"%d" % ttl


# `tokens time`: how many there were when it was last taken from.
_TAKE_OF_BUCKET = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local capacity, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local tokens = capacity
local kept = redis.call('GET', KEYS[1])
if kept then
    local left, at = string.match(kept, '^(%S+) (%S+)$')
    now = math.max(now, tonumber(at))
    tokens = math.min(capacity, tonumber(left) + (now - at) * rate)
end
if tokens < 1 - 1e-9 then return string.format('%.6f', (1 - tokens) / rate) end
redis.call('SET', KEYS[1], string.format('%.17g %.17g', tokens - 1, now), 'PX', ARGV[3])
return '0'
"""

# A list of the times of those that were admitted, in microseconds.
_TAKE_OF_WINDOW = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local gone
repeat
    gone = 0
    for _, at in ipairs(redis.call('LRANGE', KEYS[1], 0, 63)) do
        if tonumber(at) > now - window then break end
        gone = gone + 1
    end
    if gone > 0 then redis.call('LTRIM', KEYS[1], gone, -1) end
until gone < 64
local count = redis.call('LLEN', KEYS[1])
if count >= limit then
    local leaves = redis.call('LINDEX', KEYS[1], count - limit) + window
    return string.format('%.6f', (leaves - now) / 1000000)
end
if count > 0 then now = math.max(now, tonumber(redis.call('LINDEX', KEYS[1], -1))) end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
return '0'
"""


class SharedRate:
    """One rate in a store, and what happens while the store cannot be reached.

    `names` tell this limit from others in the store.
    """

    def __init__(
        self,
        store: Any,
        rate: Rate,
        names: list[Any],
        on_failure: OnStoreFailure,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = rate_store_of(store)
        self._rate = rate
        self._names = [rate, *names]
        self._allows = on_failure == "allow"
        self._clock = clock
        self._asked_from = -math.inf
        self._reachable = True

    async def wait(self, key: str) -> float | None:
        """How long a request has to wait, 0 if it is admitted; None when that is not known and the
        request shall be refused.
        """
        now = self._clock()
        if now < self._asked_from:
            return 0.0 if self._allows else None
        if not self._reachable:
            self._asked_from = now + PAUSE  # this one finds out, the others do not wait for it
        try:
            wait = await self._store.take(fingerprint(self._names, key).hex(), self._rate)
        except StoreUnavailable as error:
            self._asked_from = self._clock() + PAUSE
            if self._reachable:
                self._reachable = False
                does = "are admitted uncounted" if self._allows else "are refused"
                logger.warning("Rate limits cannot be checked, so requests %s: %s", does, error)
            return 0.0 if self._allows else None
        if not self._reachable:
            self._reachable, self._asked_from = True, -math.inf
            logger.warning("Rate limits can be checked again")
        return wait


def rate_store_of(value: Any) -> RateStore:
    """The store that somebody means.

    Raises:
        ConfigurationError: it is none.
    """
    if callable(getattr(value, "take", None)):
        return value
    if hasattr(value, "connection_pool"):
        return RedisRateStore(value)
    if not isinstance(value, str):
        raise ConfigurationError(f"store= takes no {type(value).__name__}, but {_CHOICES}")
    scheme, separator, _ = value.partition("://")
    if not separator or scheme not in ("redis", "rediss", "unix"):
        # The rest may hold a password.
        wrong = f"{scheme}://" if separator else "text without a scheme"
        raise ConfigurationError(f"store= takes no {wrong}, but {_CHOICES}")
    return RedisRateStore(value)


def checked_on_failure(given: Any) -> OnStoreFailure:
    """What to do without the store.

    Raises:
        ConfigurationError: it is no such thing.
    """
    if given not in ("allow", "refuse"):
        raise ConfigurationError(f"on_store_failure={given!r}: use 'allow' or 'refuse'")
    return given
