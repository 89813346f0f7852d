"""BoundedClient: requests of URLs that the configuration names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from .errors import SSRFFetchError

if TYPE_CHECKING:
    import ssl


class Fetched(Struct, frozen=True):
    """A response: its body is whole, its header names are in lower case."""

    content: bytes
    status_code: int
    headers: dict[str, str]


class BoundedClient:
    """Sends requests to wherever it is told, bounded in size (bytes) and time (seconds).

    A `client` of httpx2 (or httpx) that is given is used as it is; without one each request has a
    connection of its own.
    """

    def __init__(self, *, max_size: int, timeout: float, client: Any = None) -> None:
        self._max_size = max_size
        self._timeout = timeout
        self._given = client
        self._ssl_context: ssl.SSLContext | None = None

    async def request(self, method: str, url: str, **options: Any) -> Fetched:
        """What a URL answers, whatever its status; `options` are those of httpx2.

        Raises:
            SSRFFetchError: it did not answer in time, or with too much.
        """
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._client() as http,
                http.stream(method, url, **options) as response,
            ):
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > self._max_size:
                        raise SSRFFetchError(f"{url} answers with more than {self._max_size} bytes")
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Fetched(bytes(body), response.status_code, headers)
        except SSRFFetchError:
            raise
        except TimeoutError:
            raise SSRFFetchError(f"{url} did not answer within {self._timeout:g} s") from None
        except Exception as error:  # of httpx2 or of httpx, which have no common root
            raise SSRFFetchError(f"{url} could not be reached: {type(error).__name__}") from None

    @asynccontextmanager
    async def _client(self) -> AsyncGenerator[Any]:
        if self._given is not None:
            yield self._given
            return
        import httpx2

        if self._ssl_context is None:  # it takes longer to make than most answers
            self._ssl_context = httpx2.create_ssl_context()
        async with httpx2.AsyncClient(timeout=self._timeout, verify=self._ssl_context) as client:
            yield client
