"""The keys by which clients prove who they are: in their metadata, or at a URL that these name."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from msgspec import json

from fastmcp._fetching.errors import SSRFFetchError
from fastmcp._fetching.fetcher import Fetcher

from ..jwt.key_set import KeySet
from ..jwt.keys import FixedKey, Keys, RemoteKeys
from .assertions import InvalidAssertion

_MOST = 100
_BYTES = 64 * 1024
_INTERVAL = 30.0


class ClientKeys:
    """Finds the keys of clients; those at URLs are kept, for the clients that came last."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._remote: OrderedDict[tuple[str, str], RemoteKeys] = OrderedDict()

    def of(
        self, jwks: dict[str, Any] | None, jwks_uri: str | None, algorithm: str, kid: str | None
    ) -> Keys:
        """Those of a client for one algorithm.

        Raises:
            InvalidAssertion: it has none.
        """
        if jwks is not None:
            return _inline(jwks, algorithm, kid)
        if jwks_uri is None:
            raise InvalidAssertion("its client has neither jwks nor jwks_uri")
        place = jwks_uri, algorithm
        found = self._remote.pop(place, None) or self._at(jwks_uri, algorithm)
        self._remote[place] = found
        if len(self._remote) > _MOST:
            self._remote.popitem(last=False)
        return found

    def _at(self, url: str, algorithm: str) -> RemoteKeys:
        async def fetch() -> bytes:
            fetched = await self._fetcher.fetch(url, max_size=_BYTES)
            if fetched.status_code != 200:
                raise SSRFFetchError(f"the answer has status {fetched.status_code}")
            return fetched.content

        return RemoteKeys(url, algorithm, fetch, _INTERVAL, lambda: None)


def _inline(jwks: dict[str, Any], algorithm: str, kid: str | None) -> Keys:
    try:
        key = KeySet(json.encode(jwks), algorithm).get(kid)
    except (ValueError, RecursionError):
        key = None
    if key is None:
        raise InvalidAssertion("its client has no such key")
    return FixedKey(key)
