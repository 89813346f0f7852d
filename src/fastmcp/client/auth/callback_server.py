"""CallbackServer: waits on loopback for the one redirect that ends a sign-in (RFC 8252)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import urlsplit

from fastmcp.exceptions import ConfigurationError, OAuthFlowError

from .authorization_request import read_redirect
from .callback_page import HEADERS, create_callback_html
from .places import is_loopback

Take: TypeAlias = Callable[[dict[str, str]], tuple[int, str]]
"""Is given the members of a redirect, and says the status and the page of the answer."""

PATH = "/callback"
_LONGEST = 32 * 1024
_PATIENCE = 10.0
_LOOPBACK = {"localhost": ("127.0.0.1", "::1")}


def bare_host(host: str) -> str:
    """The host of a redirect, which has to be this machine; IPv6 addresses without brackets.

    Raises:
        ConfigurationError: it is another one, where others could take the code.
    """
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not is_loopback(bare.lower()):
        raise ConfigurationError(
            f"callback_host={host!r}: sign-ins come back to this machine only, so it has to be "
            "localhost, 127.0.0.1 or [::1]"
        )
    return bare


def redirect_uri(host: str, port: int, path: str = PATH) -> str:
    """Where an authorization server sends the browser back to."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"


class CallbackServer:
    """Answers requests for one path; `port` 0 is any. Requests by another name than that of this
    machine are refused: they are of pages that had their own name lead here.
    """

    def __init__(self, host: str, port: int, take: Take, path: str = PATH) -> None:
        self.host = host
        self.port: int = port
        self._path = path
        self._take = take
        self._servers: list[asyncio.Server] = []

    async def open(self) -> None:
        """Begin to listen.

        Raises:
            OAuthFlowError: somebody else has the port.
        """
        first, *others = _LOOPBACK.get(self.host, (self.host,))
        try:
            server = await asyncio.start_server(self._serve, first, self.port, limit=_LONGEST)
        except OSError as error:
            raise OAuthFlowError(
                f"The sign-in cannot come back to {redirect_uri(self.host, self.port)}: "
                f"{error.strerror or error}. If another program has that port, end it or give "
                "OAuth(callback_port=...) another one"
            ) from None
        self._servers.append(server)
        self.port = server.sockets[0].getsockname()[1]
        for other in others:
            try:
                more = await asyncio.start_server(self._serve, other, self.port, limit=_LONGEST)
            except OSError:
                continue  # there is no IPv6, or somebody else has it there
            self._servers.append(more)

    async def close(self) -> None:
        """Listen no longer. An answer that is under way is still written."""
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                status, page = self._answer(await reader.readuntil(b"\r\n\r\n"))
                writer.write(_response(status, page))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def _answer(self, head: bytes) -> tuple[int, str]:
        first, *lines = head.decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        target = rest.partition(" ")[0]
        hosts = [line.partition(":")[2].strip() for line in lines if line[:5].lower() == "host:"]
        if len(hosts) != 1 or not _is_here(hosts[0]):
            return 421, _failed("This address is not for that name.")
        if method != "GET":
            return 405, _failed("Only GET is answered here.")
        try:
            found = urlsplit(target)
            members = read_redirect(target)
        except ValueError:
            return 400, _failed("That is no redirect.")
        if found.path != self._path:
            return 404, _failed("There is nothing here.")
        return self._take(members)


def _is_here(authority: str) -> bool:
    try:
        return is_loopback(urlsplit(f"//{authority}").hostname)
    except ValueError:
        return False


def _failed(message: str) -> str:
    return create_callback_html(message, is_success=False)


def _response(status: int, page: str) -> bytes:
    body = page.encode()
    headers: Mapping[str, str] = {**HEADERS, "content-length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{lines}\r\n".encode() + body
