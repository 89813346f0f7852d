"""ApiClient: the HTTP client through which an API is asked, and where the API is."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, cast
from urllib.parse import urlsplit

from fastmcp.exceptions import ConfigurationError

from .document import Document, as_object, malformed

logger: Final = logging.getLogger("fastmcp.server")

TIMEOUT = 30.0
"""Seconds, for a client that is made here."""
_NOWHERE = "http://localhost"


class ApiClient:
    """A client of the user's, or one that is made for each event loop and closed by the server."""

    def __init__(self, given: Any = None, make: Callable[[], Any] | None = None) -> None:
        self._given = given
        self._make = make
        self._by_loop: dict[asyncio.AbstractEventLoop, Any] = {}

    @classmethod
    def of(cls, client: Any, document: Document) -> ApiClient:
        """The client for a document: the one that is given, or one for its first server.

        Raises:
            ConfigurationError: it is no asynchronous client, or the document says of no server
                that can be asked.
        """
        if isinstance(client, ApiClient):
            return client
        if client is None:
            url = server_url(document)
            return cls(make=lambda: _client(url))
        if not callable(getattr(client, "build_request", None)) or not inspect.iscoroutinefunction(
            getattr(client, "send", None)
        ):
            raise ConfigurationError(
                f"client must be an httpx2.AsyncClient or httpx.AsyncClient, not {client!r}"
            )
        if not str(client.base_url):
            logger.warning(
                "The client has no base_url, so requests go to %s; give it one", _NOWHERE
            )
        return cls(client)

    @property
    def client(self) -> Any:
        """The client to use on the running event loop."""
        if self._make is None:
            return self._given
        loop = asyncio.get_running_loop()
        found = self._by_loop.get(loop)
        if found is None:
            found = self._by_loop[loop] = self._make()
        return found

    @property
    def base_url(self) -> str:
        """What all paths are under."""
        return str(self.client.base_url) or _NOWHERE

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        """While it is open; a client of the user's stays the user's."""
        try:
            yield
        finally:
            made = self._by_loop.pop(asyncio.get_running_loop(), None)
            if made is not None:
                await made.aclose()


def _client(url: str) -> Any:
    import httpx2

    return httpx2.AsyncClient(base_url=url, timeout=TIMEOUT)


def server_url(document: Document) -> str:
    """The URL of the first server, with the defaults of its variables.

    Raises:
        ConfigurationError: there is none that could be asked.
    """
    servers: Any = document.root.get("servers")
    first = as_object(
        cast("list[Any]", servers)[0] if isinstance(servers, list) and servers else {}
    )
    url = first.get("url")
    if not isinstance(url, str) or not url:
        raise ConfigurationError(
            "No server URL found in OpenAPI spec. Add a 'servers' entry to it, or give "
            "client=httpx2.AsyncClient(base_url=...)"
        )
    url = _filled(url, first.get("variables"))
    cure = "give client=httpx2.AsyncClient(base_url=...) with the API's own URL"
    try:
        parts = urlsplit(url)
    except ValueError:
        raise malformed("servers[0]", f"{url!r} is no URL; {cure}") from None
    if not parts.scheme and not url.startswith("//"):
        raise malformed("servers[0]", f"the URL {url!r} is relative to nothing; {cure}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise malformed("servers[0]", f"the URL {url!r} is none of http or https; {cure}")
    if parts.query or parts.fragment or parts.username is not None:
        raise malformed("servers[0]", f"the URL {url!r} has more than a host and a path; {cure}")
    return url


def _filled(url: str, variables: Any) -> str:
    for name, variable in as_object(variables).items():
        default = as_object(variable).get("default")
        if default is not None:
            url = url.replace(f"{{{name}}}", str(default))
    if "{" in url or "}" in url:
        raise malformed("servers[0]", f"the URL {url!r} has a variable without a default")
    return url
