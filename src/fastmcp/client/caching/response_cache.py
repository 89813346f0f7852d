"""ResponseCache: which responses may be kept, for how long, and until which notification."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from msgspec import UNSET, Raw, Struct, json

from fastmcp.exceptions import INVALID_PARAMS, ConfigurationError, McpError
from fastmcp.wire.jsonrpc import Notification
from fastmcp.wire.methods import METHODS
from fastmcp.wire.notifications import ResourceUpdatedNotificationParams
from fastmcp.wire.revisions import Revision

from .config import MAX_TTL_MS, CacheConfig
from .entries import CacheEntry, CacheKey, CacheMode, Scope
from .memory_store import InMemoryResponseCacheStore

logger: Final = logging.getLogger("fastmcp.client")

# Method -> what its parameters may be for its answer to be kept. A discovery is not: who asks for
# one wants to know that the server is there.
_CACHED: Final = {
    name: {"uri"} if row.target == "uri" else set[str]()
    for name, row in METHODS.items()
    if row.cacheable and name != "server/discover"
}
_EVICTED_BY: Final = {
    "notifications/tools/list_changed": ("tools/list",),
    "notifications/prompts/list_changed": ("prompts/list",),
    "notifications/resources/list_changed": (
        "resources/list",
        "resources/templates/list",
        "skills/list",
    ),
}
_UPDATED = "notifications/resources/updated"
# How long the deletions that are under way may take when a client is closed, in seconds.
PATIENCE = 5.0
MAX_EVICTED = 4096

_Place: TypeAlias = tuple[str, str]
_read_updated = json.Decoder(ResourceUpdatedNotificationParams).decode


class _Hints(Struct, rename="camel"):
    """What a result says of its keeping; anything else than it should be says nothing."""

    ttl_ms: Any = UNSET
    cache_scope: Any = None
    result_type: Any = None


_read_hints = json.Decoder(_Hints).decode


class _Flight:
    """A request under way; `overtaken` by a notification, its answer is not kept."""

    __slots__ = ("overtaken",)

    def __init__(self) -> None:
        self.overtaken = False


class ResponseCache:
    """The responses of one server, as its client remembers them.

    They are kept as JSON, so that each use decodes objects of its own. `url` is the server's, if it
    has one; `revision` is the one spoken, None while that is not settled.

    Raises:
        ConfigurationError: a store that others use, too, for a server without a name.
    """

    def __init__(
        self, config: CacheConfig, url: str | None, revision: Callable[[], Revision | None]
    ) -> None:
        target = config.target_id or (None if url is None else _without_credentials(url))
        if target is None and config.store is not None:
            raise ConfigurationError(
                "CacheConfig(store=…) needs target_id=…, a name of the server, since it has no "
                "URL: without one nothing in the store would be found again"
            )
        self._config = config
        self._target = target or os.urandom(16).hex()
        self._revision = revision
        self._store = config.store or InMemoryResponseCacheStore()
        self._flights: dict[_Place, set[_Flight]] = {}
        self._evicted: dict[_Place, None] = {}
        self._deletions: set[asyncio.Task[None]] = set()
        self._failing: set[str] = set()

    async def fetch(
        self,
        method: str,
        params: Mapping[str, Any],
        ask: Callable[[], Awaitable[Raw]],
        mode: CacheMode = "use",
        *,
        keeps: Callable[[], bool] = lambda: True,
    ) -> Raw:
        """The result of a request: one that is kept and fresh, else what `ask` gives.

        `keeps` tells afterwards whether that is the answer to the request alone.
        """
        wanted = _CACHED.get(method)
        revision = self._revision()
        if mode == "bypass" or wanted is None or revision is None:
            return await ask()
        if set(params) != wanted:
            return await self._page(method, params, ask)
        place = (method, str(params.get("uri", "")))
        if mode == "use" and (kept := await self._kept(place, revision)) is not None:
            return kept
        flight = _Flight()
        flights = self._flights.setdefault(place, set())
        flights.add(flight)
        try:
            result = await ask()
            if keeps():
                await self._keep(place, revision, result, flight, mode)
            elif mode == "refresh":
                await self._delete(*self._keys(place, revision))
        finally:
            flights.discard(flight)
            if not flights:
                self._flights.pop(place, None)
        return result

    def take(self, notification: Notification | None) -> None:
        """A notification has come; what it makes stale is not used from now on."""
        if notification is None:
            return
        methods = _EVICTED_BY.get(notification.method)
        if methods is not None:
            self._evict((method, "") for method in methods)
        elif notification.method == _UPDATED:
            try:
                uri = _read_updated(notification.params).uri
            except (ValueError, RecursionError):
                return
            self._evict([("resources/read", uri)])

    async def close(self) -> None:
        """Wait for what is being deleted."""
        if self._deletions:
            _, late = await asyncio.wait(self._deletions, timeout=PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _page(
        self, method: str, params: Mapping[str, Any], ask: Callable[[], Awaitable[Raw]]
    ) -> Raw:
        """A later page, which is not kept; where its cursor is refused, the list has changed."""
        try:
            return await ask()
        except McpError as error:
            if error.code == INVALID_PARAMS and "cursor" in params:
                self._evict([(method, "")])
            raise

    # Keeping

    async def _kept(self, place: _Place, revision: Revision) -> Raw | None:
        if place in self._evicted:
            return None
        try:
            for scope in ("private", "public"):
                entry = await self._store.get(self._key(place, revision, scope))
                if entry is not None and self._is_fresh(entry, scope):
                    found = self._result(place[0], entry.value)
                    self._failing.discard("get")
                    return None if place in self._evicted else found
        except Exception as error:  # a store can be anything; the server knows the answer
            self._complain("get", error)
            return None
        self._failing.discard("get")
        return None

    def _result(self, method: str, value: Any) -> Raw:
        """The result in an entry; one from a store of others is looked at first."""
        data = value.encode() if isinstance(value, str) else bytes(value)
        if self._config.store is not None:
            kind: Any = METHODS[method].result
            json.decode(data, type=kind)
        return Raw(data)

    def _is_fresh(self, entry: CacheEntry, scope: str) -> bool:
        if entry.expires_at is None or entry.expires_at <= self._config.clock():
            return False
        return scope == "private" or entry.scope == "public"

    async def _keep(
        self, place: _Place, revision: Revision, result: Raw, flight: _Flight, mode: CacheMode
    ) -> None:
        ttl, scope = self._terms(result, revision)
        if flight.overtaken:
            return
        own = self._key(place, revision, scope)
        other = self._key(place, revision, "private" if scope == "public" else "public")
        if ttl <= 0:
            if mode == "refresh":
                await self._delete(own, other)
            return
        if not await self._delete(other):
            await self._delete(own)  # two answers to one request are worse than none
            return
        entry = CacheEntry(bytes(result), scope, self._config.clock() + ttl / 1000)
        try:
            if not await self._try("set", self._store.set(own, entry)):
                await self._delete(own)
            elif not flight.overtaken:
                self._evicted.pop(place, None)
        finally:
            if flight.overtaken:
                self._delete_soon([own], [place])

    def _terms(self, result: Raw, revision: Revision) -> tuple[float, Scope]:
        """For how many milliseconds a result may be kept, and for whom."""
        try:
            hints = _read_hints(result)
        except (ValueError, RecursionError):
            return 0, "private"
        if hints.result_type not in (None, "complete"):
            return 0, "private"
        ttl: Any = self._config.default_ttl_ms
        scope: Scope = "private"
        if revision.modern:
            if hints.ttl_ms is not UNSET:
                ttl = hints.ttl_ms if type(hints.ttl_ms) in (int, float) else 0
            if hints.cache_scope == "public":
                scope = "public"
        return min(ttl, MAX_TTL_MS), scope

    def _key(self, place: _Place, revision: Revision, scope: str) -> CacheKey:
        whose = [scope, revision.text, self._target]
        if scope == "private" or not self._config.share_public:
            whose.append(self._config.partition)
        return CacheKey(*place, json.encode(whose).decode())

    def _keys(self, place: _Place, revision: Revision) -> list[CacheKey]:
        return [self._key(place, revision, scope) for scope in ("private", "public")]

    # Forgetting

    def _evict(self, places: Iterable[_Place]) -> None:
        revision = self._revision()
        if revision is None:
            return
        places = list(places)
        for place in places:
            self._evicted[place] = None
            for flight in self._flights.get(place, ()):
                flight.overtaken = True
        while len(self._evicted) > MAX_EVICTED:
            del self._evicted[next(iter(self._evicted))]
        self._delete_soon([key for p in places for key in self._keys(p, revision)], places)

    def _delete_soon(self, keys: list[CacheKey], places: list[_Place]) -> None:
        async def delete() -> None:
            if await self._delete(*keys):
                for place in places:
                    self._evicted.pop(place, None)

        task = asyncio.get_running_loop().create_task(delete())
        self._deletions.add(task)
        task.add_done_callback(self._deletions.discard)

    async def _delete(self, *keys: CacheKey) -> bool:
        done = [await self._try("delete", self._store.delete(key)) for key in keys]
        return all(done)

    async def _try(self, what: str, operation: Awaitable[None]) -> bool:
        try:
            await operation
        except Exception as error:  # as above
            self._complain(what, error)
            return False
        self._failing.discard(what)
        return True

    def _complain(self, what: str, error: Exception) -> None:
        """Warn once, until that works again."""
        if what not in self._failing:
            self._failing.add(what)
            logger.warning("The response cache cannot %s; the server is asked: %r", what, error)


def response_cache(
    cache: CacheConfig | bool | None, url: str | None, revision: Callable[[], Revision | None]
) -> ResponseCache | None:
    """What `Client(cache=…)` means: nothing is kept unless it is True or a `CacheConfig`."""
    if cache is None or cache is False:
        return None
    return ResponseCache(CacheConfig() if cache is True else cache, url, revision)


def _without_credentials(url: str) -> str:
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
