"""Editions: by what name an answer is told from those that a change has made stale."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

from fastmcp._runtime.key_value import KeyValueStore
from fastmcp.server.subscriptions import Change

from .bounded_memory import BoundedMemory

COLLECTION = "fastmcp_cache_editions"
MAX_WAITING = 4096

_LISTS = {"tools": "tools/list", "resources": "resources/list", "prompts": "prompts/list"}
_USES = {"tools": "tools/call", "resources": "resources/read", "prompts": "prompts/get"}


class Editions:
    """An edition for each method, and for each resource that was read, in the store that has the
    answers: one that is changed, or lost, leaves no answer of before that could be found.

    Changes are taken in any thread, and written before the next look.
    """

    def __init__(self, store: KeyValueStore, ttl_of_resources: float) -> None:
        self._store = store
        self._ttl = ttl_of_resources
        self._lock = threading.Lock()
        self._changed: set[str] = set()

    def hear(self, change: Change) -> None:
        """Take a change. One of a single session's changes no more than lists."""
        names = list(_stale(change))
        with self._lock:
            self._changed.update(names)
            if len(self._changed) > MAX_WAITING:
                self._changed = {*_LISTS.values(), *_USES.values()}

    async def current(self, method: str, uri: str | None) -> str:
        """The edition of what is answered now."""
        if self._changed:
            await self._write_changes()
        edition = await self._edition(method, None)
        return edition if uri is None else f"{edition}.{await self._edition(uri, self._ttl)}"

    def at_hand(self, memory: BoundedMemory, method: str, uri: str | None) -> str | None:
        """The same at once, of editions that are in this process; None if it takes longer."""
        edition = None if self._changed else memory.held(_key(method), COLLECTION)
        if edition is None:
            return None
        if uri is None:
            return edition["edition"]
        of_uri = memory.held(_key(uri), COLLECTION)
        return None if of_uri is None else f"{edition['edition']}.{of_uri['edition']}"

    async def _write_changes(self) -> None:
        with self._lock:
            changed, self._changed = self._changed, set()
        waiting = set(changed)
        try:
            for name in changed:
                await self._begin(name, None if name in _METHODS else self._ttl)
                waiting.discard(name)
        finally:
            if waiting:
                with self._lock:
                    self._changed |= waiting

    async def _edition(self, name: str, ttl: float | None) -> str:
        known = await self._store.get(_key(name), collection=COLLECTION)
        return await self._begin(name, ttl) if known is None else known["edition"]

    async def _begin(self, name: str, ttl: float | None) -> str:
        edition = os.urandom(8).hex()
        await self._store.put(_key(name), {"edition": edition}, collection=COLLECTION, ttl=ttl)
        return edition


def _key(name: str) -> str:
    return name.replace("/", "-")  # not every store can have a slash in a key


_METHODS = {*_LISTS.values(), *_USES.values()}


def place_of(uri: str) -> str:
    """The name under which the edition of a resource is kept, fit for any store."""
    from hashlib import sha256

    return sha256(uri.encode()).hexdigest()


def _stale(change: Change) -> Iterator[str]:
    if change.of == "contents":
        uri = change.uri or ""
        yield place_of(uri)
        while "/" in uri.partition("://")[2]:  # those above it contain it
            uri = uri.rpartition("/")[0]
            yield place_of(uri)
            yield place_of(f"{uri}/")
        return
    yield _LISTS[change.of]
    if change.session is None:
        yield _USES[change.of]


class Ears:
    """Who hears of a server's changes, as its audience has them."""

    ended: Any = None
    transport: Any = None

    def __init__(self, take: Any) -> None:
        self.hear = take

    def dismiss(self) -> None:
        """Nothing: this is no stream."""

    def close(self) -> None:
        """Nothing: there is nothing to end."""
