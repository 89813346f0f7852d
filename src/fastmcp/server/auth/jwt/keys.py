"""Where the key of a token comes from: the configuration, or a URL."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, Protocol

from fastmcp._fetching.errors import FetchError
from fastmcp.exceptions import AuthorityUnavailable

from ..single_flight import SingleFlight

if TYPE_CHECKING:
    from joserfc.jwk import Key

    from .key_set import KeySet

logger: Final = logging.getLogger("fastmcp.server.auth")

# In seconds. After the first, keys are fetched again; if that fails they go on until the second.
FRESH = 600.0
USABLE = 86_400.0
# How soon after a failure they may be fetched once more.
RETRY = 2.0


class Keys(Protocol):
    """The keys of one issuer."""

    async def get(self, kid: str | None, other_than: Key | None = None) -> Key | None:
        """The key of this name, if there is one, and it is another than the one that failed.

        Raises:
            AuthorityUnavailable: that cannot be told now.
        """
        ...

    def freshen(self) -> None:
        """Begin to ask whether the keys are the same still, if that was long ago."""
        ...


class FixedKey:
    """The one key that was configured, whatever tokens call it."""

    def __init__(self, key: Key) -> None:
        self._key = key

    async def get(self, kid: str | None, other_than: Key | None = None) -> Key | None:
        """This key."""
        return None if other_than is self._key else self._key

    def freshen(self) -> None:
        """It does not change."""


class RemoteKeys:
    """The keys at a URL: fetched when they are first needed, when they are no longer fresh, and
    when a token names one that is not there; but once in `refresh_interval` seconds at most,
    whatever tokens name, and sooner after a failure. `changed` is called when others took the
    place of some.
    """

    def __init__(
        self,
        url: str,
        algorithm: str,
        fetch: Callable[[], Awaitable[bytes]],
        refresh_interval: float,
        changed: Callable[[], None],
    ) -> None:
        self._url = url
        self._algorithm = algorithm
        self._fetch = fetch
        self._interval = refresh_interval
        self._changed = changed
        self._keys: KeySet | None = None
        self._document: bytes | None = None
        self._failed = False
        self._loaded_at = self._tried_at = float("-inf")
        self._flights: SingleFlight[None] = SingleFlight()

    async def get(self, kid: str | None, other_than: Key | None = None) -> Key | None:
        """See `Keys`."""
        self.freshen()
        key = None if self._keys is None else self._keys.get(kid)
        if key is None or key is other_than:
            if self._flights.flying(None) or self._may_try():
                await self._flights.join(None, self._load)
            key = None if self._keys is None else self._keys.get(kid)
        if key is None and self._failed and other_than is None:
            raise AuthorityUnavailable(f"The keys at {self._url} cannot be fetched")
        return None if key is other_than else key

    def freshen(self) -> None:
        """See `Keys`; nobody waits for it, and the keys that are there go on."""
        age = time.monotonic() - self._loaded_at
        if self._keys is None or age < FRESH:
            return
        if age > USABLE:
            logger.error("The keys at %s have not been seen for a day: none is valid", self._url)
            self._keys = self._document = None
            self._changed()
        elif self._may_try() and not self._flights.flying(None):
            self._flights.begin(None, self._load)

    def _may_try(self) -> bool:
        pause = min(self._interval, RETRY) if self._failed else self._interval
        return time.monotonic() - self._tried_at >= pause

    async def _load(self) -> None:
        self._tried_at = time.monotonic()
        self._failed = True  # until it is known that it did not
        try:
            document = await self._fetch()
            if document != self._document:
                from .key_set import KeySet

                self._keys = KeySet(document, self._algorithm)
                self._document = document
                self._changed()
        except (FetchError, ValueError) as error:
            logger.error("The keys at %s cannot be used: %s", self._url, error)
            return
        self._failed = False
        self._loaded_at = time.monotonic()
