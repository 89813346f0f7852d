"""HTTP/1.1 as a client of MCP needs it, over asyncio: a request in one piece, and an answer of any
length. What it does not know, proxies and other schemes of authentication, httpx2 does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any

from fastmcp.exceptions import ConnectFailed

from .http1_connection import Connection
from .http1_parsing import Incoming
from .http1_request import Place, place_of, written
from .http_errors import cause_of, shown
from .http_sender import IDLE, KEPT, Timeouts

if TYPE_CHECKING:
    import ssl

# After how long the server may have left without the event loop having been there to see it.
UNSEEN = 0.001
# How long another address of a host waits for the one before it (RFC 8305).
NEXT_ADDRESS = 0.25


class Http1:
    """Sends requests to one server, each over a connection of its own while it lasts. `trust` is
    for https, `authorization` what the header has to be.
    """

    def __init__(
        self, timeouts: Timeouts, trust: ssl.SSLContext, authorization: str | None = None
    ) -> None:
        self._timeouts = timeouts
        self._trust = trust
        self._trust.set_alpn_protocols(["http/1.1"])  # whatever else it is used for
        self._authorization = authorization
        self._places: dict[str, Place] = {}
        self._open: set[Connection] = set()
        self._idle: list[Connection] = []
        self._cookies: dict[str, str] = {}

    async def open(self) -> None:
        pass

    async def send(
        self, method: str, url: str, headers: Mapping[str, str | bytes], content: bytes | None
    ) -> Answer:
        """The answer, whose body is yet to be read.

        Raises:
            ConnectFailed: there is no way to the server, and nothing was sent.
            Disconnected: the connection was lost, or what came is not HTTP.
        """
        try:
            place = self._places.get(url)
            if place is None:
                place = self._places[url] = place_of(url, self._authorization)
            request = written(method, place, headers, self._cookies, content)
        except ValueError as error:
            raise ConnectFailed(f"Connection to {shown(url)} failed: {error}") from None
        connection = await self._kept() or await self._connect(place)
        try:
            incoming = await connection.ask(request, self._timeouts.write)
        except BaseException:
            connection.abort()
            raise
        for cookie in incoming.cookies:
            self._remember(cookie)
        return Answer(incoming, connection, self._keep)

    async def close(self) -> None:
        """End every connection, and wait until they are."""
        self._idle.clear()
        connections = list(self._open)
        for connection in connections:
            connection.abort()
        for connection in connections:
            await connection.gone

    def _remember(self, cookie: str) -> None:
        """Send a cookie back from now on: all requests go to the one origin that it is of."""
        pair, *attributes = cookie.split(";")
        name, _, value = (part.strip() for part in pair.partition("="))
        if any(attribute.strip().lower() == "max-age=0" for attribute in attributes):
            self._cookies.pop(name, None)
        elif name:
            self._cookies[name] = value

    # The connections

    async def _kept(self) -> Connection | None:
        """One that is there already."""
        while self._idle:
            connection = self._idle.pop()
            idle = asyncio.get_running_loop().time() - connection.idle_since
            if idle > UNSEEN:
                # One turn of the loop brings what has come, the next one takes it in.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            if idle < IDLE and connection.is_quiet:
                return connection
            connection.abort()
        return None

    async def _connect(self, place: Place) -> Connection:
        loop = asyncio.get_running_loop()
        options: dict[str, Any] = {}
        if not place.is_address and isinstance(loop, asyncio.BaseEventLoop):  # uvloop knows it not
            options["happy_eyeballs_delay"] = NEXT_ADDRESS
        try:
            async with asyncio.timeout(self._timeouts.connect):
                _, connection = await loop.create_connection(
                    lambda: Connection(self._open, place.url, self._timeouts.read),
                    place.host,
                    place.port,
                    ssl=self._trust if place.is_tls else None,
                    **options,
                )
        except OSError as error:
            why = cause_of(error, place.url)
            if isinstance(error, TimeoutError):
                why = "it did not answer the attempt to connect in time"
            raise ConnectFailed(f"Connection to {shown(place.url)} failed: {why}") from error
        return connection

    def _keep(self, connection: Connection) -> None:
        if len(self._idle) < KEPT:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.abort()


class Answer:
    """An answer whose body is yet to be read; it has what is used of a `Response` of httpx2."""

    __slots__ = ("_connection", "_incoming", "_keep", "headers", "status_code")

    def __init__(
        self, incoming: Incoming, connection: Connection, keep: Callable[[Connection], None]
    ) -> None:
        self.status_code: int = incoming.status
        self.headers: dict[str, str] = incoming.headers
        self._incoming = incoming
        self._connection: Connection | None = connection
        self._keep = keep

    async def aiter_bytes(self) -> AsyncIterator[bytes]:
        """The body, as it comes.

        Raises:
            Disconnected: the connection was lost on the way.
        """
        while self._connection is not None and (
            data := await self._connection.some(self._incoming)
        ):
            yield data

    async def aclose(self) -> None:
        """Be done with it: its connection is used again if all was read, and closed if not."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.finish(self._incoming):
            self._keep(connection)
