"""CIMDFetcher: fetches the metadata of clients, and keeps them as long as their server says."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from msgspec import Struct

from fastmcp._fetching.errors import SSRFError, SSRFFetchError
from fastmcp._fetching.fetcher import Fetcher

from ..single_flight import SingleFlight
from .cimd_document import CIMDDocument, CIMDFetchError, CIMDValidationError, document_of
from .redirects import problem_of

# However long a server says; a client that moves its redirect URIs is heard of within a day.
LONGEST = 24 * 3600.0
# How long a document that could not be had is not asked for again, whoever names it.
PAUSE = 60.0


class _Kept(Struct, frozen=True):
    found: CIMDDocument | CIMDFetchError | CIMDValidationError
    until: float


class CIMDFetcher:
    """Fetches documents over https from the public internet alone, each once at a time."""

    MAX_RESPONSE_SIZE = 5 * 1024
    MAX_CACHE_SIZE = 1_000
    DEFAULT_CACHE_TTL_SECONDS = 3_600

    def __init__(self, timeout: float = 10.0, *, fetcher: Fetcher | None = None) -> None:
        self.timeout = timeout
        self._fetcher = fetcher or Fetcher()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._flights: SingleFlight[CIMDDocument] = SingleFlight()

    def is_cimd_client_id(self, client_id: str) -> bool:
        """Whether an id is a URL of https with a path."""
        if not client_id.startswith("https://") or problem_of(client_id) is not None:
            return False
        return urlsplit(client_id).path not in ("", "/")

    async def fetch(self, client_id_url: str) -> CIMDDocument:
        """The document of a client.

        Raises:
            CIMDValidationError: it is not in order, or not where it may be.
            CIMDFetchError: it cannot be fetched.
        """
        kept = self._kept.get(client_id_url)
        if kept is not None and time.time() < kept.until:
            if isinstance(kept.found, CIMDDocument):
                return kept.found
            raise type(kept.found)(str(kept.found))
        if not self.is_cimd_client_id(client_id_url):
            raise CIMDValidationError("The id of a client has to be a URL of https with a path")
        return await self._flights.join(client_id_url, lambda: self._remembered(client_id_url))

    async def _remembered(self, url: str) -> CIMDDocument:
        self._kept.pop(url, None)
        try:
            document, lasts = await self._fetch(url)
        except (CIMDFetchError, CIMDValidationError) as error:
            self._keep(url, error, PAUSE)
            raise
        self._keep(url, document, lasts)
        return document

    def _keep(
        self, url: str, found: CIMDDocument | CIMDFetchError | CIMDValidationError, lasts: float
    ) -> None:
        if lasts > 0:
            self._kept[url] = _Kept(found, time.time() + lasts)
            while len(self._kept) > self.MAX_CACHE_SIZE:
                self._kept.popitem(last=False)

    async def _fetch(self, url: str) -> tuple[CIMDDocument, float]:
        """A document, and for how many seconds it may be kept."""
        try:
            fetched = await self._fetcher.fetch(
                url,
                headers={"accept": "application/json"},
                max_size=self.MAX_RESPONSE_SIZE,
                timeout=self.timeout,
            )
        except SSRFError as error:
            raise CIMDValidationError(str(error)) from None
        except SSRFFetchError as error:
            raise CIMDFetchError(str(error)) from None
        if fetched.status_code != 200:
            raise CIMDFetchError(f"{url} answers with status {fetched.status_code}")
        document = document_of(fetched.content, url)
        return document, seconds_fresh(fetched.headers, self.DEFAULT_CACHE_TTL_SECONDS)


def seconds_fresh(headers: Mapping[str, str], default: float) -> float:
    """How long a response may be kept (RFC 9111 section 4.2.1)."""
    directives = {
        name.strip().lower(): value.strip(' "')
        for name, _, value in (
            each.partition("=") for each in headers.get("cache-control", "").split(",")
        )
    }
    if "no-store" in directives or "no-cache" in directives:
        return 0.0
    age = directives.get("max-age", "")
    if age.isdecimal() and age.isascii():
        return min(float(age[:9]), LONGEST)
    try:
        ends = parsedate_to_datetime(headers["expires"]).timestamp()
    except KeyError:
        return default
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(0.0, ends - time.time()), LONGEST)
