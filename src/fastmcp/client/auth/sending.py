"""How requests of OAuth are sent: bounded, redirected within an origin at most, and not into
networks that a stranger has no business in.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urljoin, urlsplit

from fastmcp._fetching.addresses import is_public
from fastmcp._fetching.bounded import BoundedClient, Fetched
from fastmcp._fetching.errors import FetchError, SSRFError
from fastmcp._fetching.fetcher import Fetcher
from fastmcp._fetching.guarded_network import resolved
from fastmcp.exceptions import OAuthFlowError

from .exchange import Ask, Flow, Reply, T
from .places import is_loopback, origin

_LARGEST = 256 * 1024
_PATIENCE = 30.0
_REDIRECTS = 3


class Sending:
    """Sends on behalf of a client of the MCP server at `server_url`.

    To that server itself, whose URL the user gave, requests go wherever it is. Other URLs are named
    by peers: they have to lead to public addresses, unless the MCP server itself is on this machine
    or in a private network; then those around it belong to it. With a `factory`, requests go by the
    HTTP clients that it makes, whose network is then the user's concern.
    """

    def __init__(
        self,
        server_url: str,
        *,
        factory: Callable[..., Any] | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._server_url = server_url
        self._factory = factory
        self._trust = trust
        self._is_private: bool | None = None

    async def run(self, flow: Flow[T]) -> T:
        """Send what a flow asks for, until it is done.

        Raises:
            OAuthFlowError: of the flow, or nothing usable was answered.
        """
        try:
            ask = next(flow)
            while True:
                ask = flow.send(await self.send(ask))
        except StopIteration as stop:
            return stop.value
        finally:
            flow.close()

    async def send(self, ask: Ask) -> Reply:
        """The answer to one request.

        Raises:
            OAuthFlowError: there is none that is usable.
        """
        try:
            if self._factory is None and not await self._is_ours(ask.url):
                found = await Fetcher(ssl_context=self._trust).fetch(
                    ask.url,
                    method=ask.method,
                    headers=ask.headers,
                    content=ask.body,
                    max_size=_LARGEST,
                    overall_timeout=_PATIENCE,
                    redirects=_REDIRECTS,
                )
            else:
                found = await self._send_by_library(ask)
        except FetchError as error:
            raise OAuthFlowError(str(error)) from None
        return Reply(found.status_code, found.headers, found.content)

    async def _send_by_library(self, ask: Ask) -> Fetched:
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(self._client(ask.url))
            bounded = BoundedClient(max_size=_LARGEST, timeout=_PATIENCE, client=client)
            return await self._followed(bounded, ask, ask.url, _REDIRECTS)

    async def _followed(self, client: BoundedClient, ask: Ask, url: str, left: int) -> Fetched:
        found = await client.request(
            ask.method,
            url,
            headers={"accept-encoding": "identity", **ask.headers},
            content=ask.body,
            follow_redirects=False,
            auth=None,
        )
        there = _redirected(ask, url, found)
        if there is None or not left:
            return found
        return await self._followed(client, ask, there, left - 1)

    def _client(self, url: str) -> Any:
        if self._factory is not None:
            return self._factory()
        import httpx2

        if url.startswith("http:"):  # whom to trust takes long to say
            trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        else:
            trust = self._trust = self._trust or httpx2.create_ssl_context()
        return httpx2.AsyncClient(verify=trust)

    async def _is_ours(self, url: str) -> bool:
        if origin(url) == origin(self._server_url):
            return True
        ours = urlsplit(self._server_url).hostname
        if is_loopback(ours) or is_loopback(urlsplit(url).hostname):
            return is_loopback(ours)  # no other machine has a say about what this one answers
        if self._is_private is None:
            self._is_private = await _is_private(self._server_url)
        return self._is_private


def _redirected(ask: Ask, url: str, found: Fetched) -> str | None:
    """Where else a document is, if that is at the same origin; nothing is posted anywhere else."""
    location = found.headers.get("location")
    if ask.method != "GET" or not 300 <= found.status_code < 400 or location is None:
        return None
    try:
        there = urljoin(url, location)
        return there if origin(there) == origin(url) else None
    except ValueError:
        return None


async def _is_private(url: str) -> bool:
    """Whether a server has no address of the public internet."""
    try:
        found = await resolved(urlsplit(url).hostname or "", origin(url)[2] or 443)
    except SSRFError:
        return False
    return not any(map(is_public, found))
