"""HttpPool: the server's HTTP client, for functions of both kinds."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from fastmcp._runtime.bridge import Pending
from fastmcp._runtime.threads import abandoned, workers

if TYPE_CHECKING:
    import httpx2

# In seconds: services may take their time to answer, but none to be reached.
TIMEOUT = 30.0
CONNECT_TIMEOUT = 5.0


class HttpPool:
    """Requests over connections that are kept and shared.

    On an event loop each method gives an awaitable, in a worker thread it waits: for httpx2's
    `Response`. Keywords are those of httpx2. Redirects are not followed (`follow_redirects=True`
    does), a service has 5 seconds to accept a connection and 30 to say something (`timeout=`), and
    no cookie is remembered, because it would go out with the requests of other users. `settings`
    are further keywords of httpx2's clients.
    """

    def __init__(self, **settings: Any) -> None:
        self._settings = settings
        self._making = threading.Lock()
        self._plain: httpx2.Client | None = None
        self._by_loop: dict[asyncio.AbstractEventLoop, httpx2.AsyncClient] = {}

    def get(self, url: str | httpx2.URL, **options: Any) -> Any:
        """GET a URL."""
        return self._send("get", url, **options)

    def head(self, url: str | httpx2.URL, **options: Any) -> Any:
        """Ask for the headers of a URL."""
        return self._send("head", url, **options)

    def options(self, url: str | httpx2.URL, **options: Any) -> Any:
        """Ask for what a URL can do."""
        return self._send("options", url, **options)

    def post(self, url: str | httpx2.URL, **options: Any) -> Any:
        """POST `json=`, `data=`, `files=` or `content=` to a URL."""
        return self._send("post", url, **options)

    def put(self, url: str | httpx2.URL, **options: Any) -> Any:
        """PUT something at a URL."""
        return self._send("put", url, **options)

    def patch(self, url: str | httpx2.URL, **options: Any) -> Any:
        """PATCH what is at a URL."""
        return self._send("patch", url, **options)

    def delete(self, url: str | httpx2.URL, **options: Any) -> Any:
        """DELETE what is at a URL."""
        return self._send("delete", url, **options)

    def request(self, method: str, url: str | httpx2.URL, **options: Any) -> Any:
        """Send a request of any method."""
        return self._send("request", method, url, **options)

    def stream(self, method: str, url: str | httpx2.URL, **options: Any) -> Any:
        """A response that is read as it comes: `async with`, or `with` in a worker thread."""
        loop = _running_loop()
        client = self._client() if loop is None else self._async_client(loop)
        return client.stream(method, url, **options)

    def _send(self, method: str, /, *args: Any, **options: Any) -> Any:
        loop = _running_loop()
        if loop is not None:
            work = getattr(self._async_client(loop), method)(*args, **options)
            return Pending(work, f"ctx.http.{method}")
        if abandoned():
            raise asyncio.CancelledError("The request was cancelled")
        with workers.one_more():  # which the answer may need, if it comes from this process
            return getattr(self._client(), method)(*args, **options)

    def _client(self) -> httpx2.Client:
        with self._making:
            if self._plain is None:
                import httpx2

                self._plain = httpx2.Client(**_defaults(), **self._settings)
            return self._plain

    def _async_client(self, loop: asyncio.AbstractEventLoop) -> httpx2.AsyncClient:
        with self._making:
            client = self._by_loop.get(loop)
            if client is None:
                import httpx2

                client = self._by_loop[loop] = httpx2.AsyncClient(**_defaults(), **self._settings)
            return client

    async def close(self) -> None:
        """Close all connections; the next request opens new ones."""
        with self._making:
            plain, self._plain = self._plain, None
        if plain is not None:
            plain.close()
        await self.close_here()
        here = asyncio.get_running_loop()
        for loop in list(self._by_loop):
            if loop.is_running():
                closed = asyncio.run_coroutine_threadsafe(self.close_here(), loop)
                await asyncio.wrap_future(closed, loop=here)

    async def close_here(self) -> None:
        """Close the connections of the running loop, which alone can do that."""
        client = self._by_loop.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()


def _defaults() -> dict[str, Any]:
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx2

    return {
        "timeout": httpx2.Timeout(TIMEOUT, connect=CONNECT_TIMEOUT),
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    }


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
