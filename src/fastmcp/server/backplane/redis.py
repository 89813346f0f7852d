"""A backplane in a Redis server, or one that speaks its protocol, such as Valkey."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable
from hashlib import sha1
from typing import Any

from .backplane import Hear
from .redis_link import Link, LinkKeeper
from .redis_opening import RedisServer
from .redis_topics import RedisTopics
from .resp import Refusal, encode

_POSITION = re.compile(r"[0-9]{1,16}", re.ASCII)


class RedisBackplane:
    """Kept in a Redis server of version 5 or later, for the workers of any number of hosts.

    Takes a URL (redis://, rediss:// or unix://) or a client of redis-py, sync or async, whose
    settings are used for connections of our own: one for commands, one for topics. All names begin
    with `prefix`. What is asked of a server that says nothing for `timeout` seconds fails, as does
    everything while there is no connection; the next call makes one.
    """

    def __init__(
        self, url_or_client: Any, *, prefix: str = "fastmcp", timeout: float = 2.0
    ) -> None:
        self._server = RedisServer(url_or_client, timeout)
        self._timeout = timeout
        self._users = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._values, self._logs, self._groups = (f"{prefix}:{kind}:".encode() for kind in "vlg")
        self._channels = f"{prefix}:t".encode()

    async def open(self) -> None:
        await self._ask(b"PING")
        self._users += 1

    async def close(self) -> None:
        self._users = max(0, self._users - 1)
        if self._users == 0 and self._loop is asyncio.get_running_loop():
            self._loop = None
            await self._topics.close()
            await self._commands.close()

    # Values

    async def get(self, key: str) -> bytes | None:
        return await self._ask(b"GET", self._values + key.encode())

    async def put(self, key: str, value: bytes, ttl: float | None = None) -> None:
        await self._ask(b"SET", self._values + key.encode(), value, *_px(ttl))

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> bool:
        name = self._values + key.encode()
        return await self._ask(b"SET", name, value, b"NX", *_px(ttl)) is not None

    async def swap(self, key: str, old: bytes, new: bytes, ttl: float | None = None) -> bool:
        name = self._values + key.encode()
        return await self._run(_SWAP, name, old, new, *_px(ttl)) == 1

    async def touch(self, key: str, ttl: float) -> bool:
        return await self._ask(b"PEXPIRE", self._values + key.encode(), _ms(ttl)) == 1

    async def delete(self, key: str) -> bool:
        return await self._ask(b"DEL", self._values + key.encode()) == 1

    # Logs

    async def append(self, log: str, entry: bytes, *, limit: int, ttl: float) -> str:
        name = self._logs + log.encode()
        position: bytes = await self._run(_APPEND, name, entry, b"%d" % limit, _ms(ttl))
        return position.decode()

    async def entries(self, log: str, after: str | None = None) -> list[tuple[str, bytes]]:
        name = self._logs + log.encode()
        if after is None:
            found = await self._ask(b"LRANGE", name, b"0", b"-1")
        elif _POSITION.fullmatch(after) is None:
            raise ValueError("This is no position in a log")
        else:
            found = await self._run(_AFTER, name, after.encode())
            found.reverse()
        return [_position_and_entry(each) for each in found]

    # Topics

    async def publish(self, topic: str, message: bytes) -> bool:
        return await self._ask(b"PUBLISH", self._channel(topic), message) > 0

    async def subscribe(self, topic: str, hear: Hear) -> None:
        self._settle()
        await self._topics.subscribe(self._channel(topic), hear)

    async def unsubscribe(self, topic: str, hear: Hear) -> None:
        if self._loop is asyncio.get_running_loop():
            await self._topics.unsubscribe(self._channel(topic), hear)

    def _channel(self, topic: str) -> bytes:
        """Databases have their own keys, but not their own channels."""
        return b"%b:%d:%b" % (self._channels, self._server.database, topic.encode())

    # Groups

    async def join(self, group: str, member: str, *, limit: int, ttl: float) -> bool:
        name = self._groups + group.encode()
        return await self._run(_JOIN, name, member.encode(), b"%d" % limit, _ms(ttl)) == 1

    async def leave(self, group: str, member: str) -> None:
        await self._ask(b"ZREM", self._groups + group.encode(), member.encode())

    # Asking

    async def _ask(self, *words: bytes) -> Any:
        self._settle()
        link = self._commands.link
        if link is None or not link.alive:
            link = await self._commands.get()
        return await link.send(encode(*words))

    async def _run(self, script: _Script, key: bytes, *words: bytes) -> Any:
        try:
            return await self._ask(b"EVALSHA", script.digest, b"1", key, *words)
        except Refusal:  # it is not there yet, or not any more
            return await self._ask(b"EVAL", script.source, b"1", key, *words)

    def _settle(self) -> None:
        """Connections belong to an event loop; those of one that is gone are as well."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._commands = LinkKeeper(self._connect)
            self._topics = RedisTopics(self._connect)

    async def _connect(
        self, told: Callable[[Any], bool] | None = None, lost: Callable[[], None] | None = None
    ) -> Link:
        writer = await self._server.connect()
        return Link(writer, self._timeout, told=told, lost=lost or self._topics.check)


class _Script:
    """What a server runs as one command; `KEYS[1]` is the only name in it."""

    def __init__(self, source: str) -> None:
        self.source = source.encode()
        self.digest = sha1(self.source, usedforsecurity=False).hexdigest().encode()


_SWAP = _Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], unpack(ARGV, 3))
return 1
""")

# A log is a list of `number:entry`. A stream would take 4 KiB for a single entry. Numbers are
# microseconds, so that a log that has gone and comes again goes on after them.
_APPEND = _Script("""
local clock = redis.call('TIME')
local number = clock[1] * 1000000 + clock[2]
local last = redis.call('LINDEX', KEYS[1], -1)
if last then number = math.max(number, tonumber(string.match(last, '^%d+')) + 1) end
local position = string.format('%.0f', number)
redis.call('RPUSH', KEYS[1], position .. ':' .. ARGV[1])
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[2]), -1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return position
""")

# The latest first, from the end of the list as far as needed.
_AFTER = _Script("""
local after, found, last = tonumber(ARGV[1]), {}, -1
repeat
    local some = redis.call('LRANGE', KEYS[1], last - 63, last)
    for i = #some, 1, -1 do
        if tonumber(string.match(some[i], '^%d+')) <= after then return found end
        found[#found + 1] = some[i]
    end
    last = last - 64
until #some < 64
return found
""")

_JOIN = _Script("""
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not known and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
redis.call('PEXPIREAT', KEYS[1], last)
return 1
""")


def _position_and_entry(kept: bytes) -> tuple[str, bytes]:
    position, _, entry = kept.partition(b":")
    return position.decode(), entry


def _ms(ttl: float) -> bytes:
    return b"%d" % max(1, math.ceil(ttl * 1000))


def _px(ttl: float | None) -> tuple[bytes, ...]:
    return () if ttl is None else (b"PX", _ms(ttl))
