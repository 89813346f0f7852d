"""KnownList: what a proxy knows of one list of the server behind it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Any, Final, Generic, TypeVar

from fastmcp._components.component import Component
from fastmcp._components.versions import VersionSpec, version_key
from fastmcp.exceptions import TimedOut

from ..base import first_matching
from ..kinds import Kind

C = TypeVar("C", bound=Component)

# How long a list may be waited for, in seconds; it is gone on with, and clients are told when it is
# there. A server that has several sources waits less long for each.
PATIENCE: Final = 8.0
# How long it may take at all, in seconds.
LONGEST: Final = 60.0
# For how long a name that was not in the list is not asked for again, in seconds.
RECHECK: Final = 1.0
# How many such names are remembered.
UNKNOWN: Final = 1024

logger: Final = logging.getLogger("fastmcp.server.proxy")


class KnownList(Generic[C]):
    """The components of one kind, kept for `ttl` seconds so that a call need not list.

    Later they are used all the same, while they are fetched anew. `fetch` gives what the server
    lists, and `make` a component of one such thing; `changed` is called when something else is
    known than before, and told whether clients are to hear of it, who were shown that.
    """

    def __init__(
        self,
        kind: Kind,
        fetch: Callable[[], Awaitable[list[Any]]],
        make: Callable[[Any], C],
        ttl: float,
        name: str,
        changed: Callable[[Kind, bool], None],
    ) -> None:
        self.kind = kind
        self.items: Sequence[C] = ()
        self._fetch = fetch
        self._make = make
        self._ttl = ttl
        self._name = name
        self._changed = changed
        self._by_address: dict[str, C] = {}
        self._listed: list[Any] = []
        self._fetched_at: float | None = None
        self.is_stale: bool = False
        self._fetching: asyncio.Task[None] | None = None
        self._began = 0.0
        self._is_awaited_later = False
        self._unknown: dict[str, float] = {}

    def mark_stale(self) -> None:
        """The server says that it has changed."""
        self.is_stale = True
        self._unknown.clear()

    async def all(self) -> Sequence[C]:
        """All that the server lists now; what is known, where it takes its time.

        Raises:
            McpError: it answered with an error.
            ClientError: it cannot be reached, or has not listed anything yet.
        """
        fetching = self._begin()
        patience = self._began + PATIENCE - monotonic()
        if patience > 0:
            try:
                await asyncio.wait((fetching,), timeout=patience)
            except asyncio.CancelledError:
                self._is_awaited_later = True
                raise
        if fetching.done():
            fetching.result()
        elif not self._is_awaited_later:
            self._is_awaited_later = True
            logger.warning(
                "%s takes more than %g seconds to list its %ss; clients are told when it has",
                self._name,
                PATIENCE,
                self.kind.noun,
            )
        if self._fetched_at is None:
            raise TimedOut(f"{self._name} has not listed its {self.kind.noun}s yet")
        return self.items

    async def find(self, address: str, version: VersionSpec | None) -> C | None:
        """The component of that name or URI, asked for anew only where it is not known."""
        found = await self.known(address)
        if found is None and await self._look_again(address):
            found = self._by_address.get(address)
        return None if found is None else in_version(found, version)

    async def match(self, uri: str, version: VersionSpec | None) -> C | None:
        """Of templates, the one that matches a URI."""
        await self.known(uri)
        found: Any = first_matching(self.items, uri, None)  # type: ignore[arg-type]
        return None if found is None else in_version(found, version)

    @property
    def lasts(self) -> bool:
        """Whether what was listed counts as known at all."""
        return self._ttl > 0

    def look(self) -> None:
        """Something of it is used: fetch it anew, if it is time for that."""
        if self._fetched_at is not None and self._is_due():
            self._begin()

    def _is_due(self) -> bool:
        assert self._fetched_at is not None
        return self.is_stale or monotonic() - self._fetched_at > self._ttl

    async def known(self, address: str) -> C | None:
        """The component of that name or URI in the list as it was fetched last."""
        if self._fetched_at is None or not self.lasts:
            await self.all()
            if self._fetched_at is not None:
                self._note_unknown(address)
        else:
            self.look()
        return self._by_address.get(address)

    async def _look_again(self, address: str) -> bool:
        """List once more for a name that is not known; whether that was done."""
        if self._unknown.get(address, 0.0) + RECHECK > monotonic():
            return False
        await self.all()
        self._note_unknown(address)
        return True

    def _note_unknown(self, address: str) -> None:
        if address in self._by_address:
            return
        self._unknown.pop(address, None)
        self._unknown[address] = monotonic()
        if len(self._unknown) > UNKNOWN:
            del self._unknown[next(iter(self._unknown))]

    def _begin(self) -> asyncio.Task[None]:
        """Fetch it, unless that is under way."""
        loop, fetching = asyncio.get_running_loop(), self._fetching
        if fetching is None or fetching.done() or fetching.get_loop() is not loop:
            self._began = monotonic()
            self._is_awaited_later = False
            fetching = self._fetching = loop.create_task(self._fetch_all())
            fetching.add_done_callback(self._fetched)
        return fetching

    async def _fetch_all(self) -> None:
        self.is_stale = False
        try:
            async with asyncio.timeout(LONGEST):
                listed = await self._fetch()
        except TimeoutError as error:
            if isinstance(error, TimedOut):
                raise
            text = f"it did not list its {self.kind.noun}s within {LONGEST:g} seconds"
            raise TimedOut(text) from None
        same = self._fetched_at is not None and listed == self._listed
        was_known = self._fetched_at is not None
        self._fetched_at = monotonic()
        if same:
            return
        self._listed = listed
        self.items = [self._make(each) for each in listed]
        self._by_address = {each._address: each for each in reversed(self.items)}
        self._changed(self.kind, was_known or self._is_awaited_later)

    def _fetched(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        if self._fetched_at is not None:
            logger.debug("The %ss could not be listed anew: %s", self.kind.noun, task.exception())

    def close(self) -> None:
        """Stop what is under way."""
        if self._fetching is not None and not self._fetching.done():
            self._fetching.cancel()


def in_version(component: C, version: VersionSpec | None) -> C | None:
    """The component in its highest version that is selected, of those that the server told of."""
    if version is None or version.matches(component.version):
        return component
    known: Sequence[str] = vars(component).get("versions", ())
    chosen = [each for each in known if version.matches(each)]
    if not chosen:
        return None
    best = max(chosen, key=lambda each: (version_key(each), each))

    def made(listed: C) -> C:
        return listed.model_copy(update={"version": best})

    return component._make_derived(("version", best), made)
