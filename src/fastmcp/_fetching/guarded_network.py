"""GuardedNetwork: connects to public addresses alone, and to no other than it has looked at."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import httpcore2

from .addresses import is_loopback, is_public
from .errors import SSRFError

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_AT_ONCE = 8


@cache
def _lookups() -> ThreadPoolExecutor:
    """Threads for these lookups alone: who chooses names may choose slow ones, and this process has
    others to look up.
    """
    return ThreadPoolExecutor(_AT_ONCE, "fastmcp-lookup")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_lookups.cache_clear)


async def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system knows them.

    Raises:
        SSRFError: it has none.
    """
    look = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.get_running_loop().run_in_executor(_lookups(), look)
    except (OSError, UnicodeError):
        raise SSRFError(f"The host {host} is not known") from None
    return list(dict.fromkeys(str(each[4][0]) for each in found))


async def public_addresses(
    host: str, port: int, resolve: Resolve = resolved, *, allow_loopback: bool = False
) -> list[str]:
    """The addresses of a host, each of which is public; with `allow_loopback`, or of this host.

    Raises:
        SSRFError: it has none, or another one: then it is not asked at any.
    """
    found = list(await resolve(host, port))
    if not found:
        raise SSRFError(f"The host {host} is not known")
    for address in found:
        check_address(address, host, allow_loopback=allow_loopback)
    return found


def check_address(address: str, host: str, *, allow_loopback: bool = False) -> None:
    """Raises SSRFError for an address that is not public."""
    if not is_public(address) and not (allow_loopback and is_loopback(address)):
        raise SSRFError(f"The host {host} is at {address}, which is not a public address")


class GuardedNetwork(httpcore2.AsyncNetworkBackend):
    """Looks a name up for each connection and connects to what it found, so that no second answer
    of the name's server can be another. TLS still asks for the name's certificate.
    """

    def __init__(self, resolve: Resolve, *, allow_loopback: bool, https_only: bool) -> None:
        self._resolve = resolve
        self._allow_loopback = allow_loopback
        self._https_only = https_only
        self._sockets: Any = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to the first of the addresses that accepts one."""
        addresses = await public_addresses(
            host, port, self._resolve, allow_loopback=self._allow_loopback
        )
        if self._https_only is False and not all(map(is_loopback, addresses)):
            raise SSRFError(f"The host {host} is another than this one: https:// is needed")
        for address in addresses[:-1]:
            try:
                return await self._connect(address, port, timeout)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._connect(addresses[-1], port, timeout)

    async def _connect(
        self, address: str, port: int, timeout: float | None
    ) -> httpcore2.AsyncNetworkStream:
        return await self._sockets.connect_tcp(address, port, timeout=timeout)

    async def connect_unix_socket(self, *args: Any, **options: Any) -> Any:
        """No URL leads to one."""
        raise SSRFError("A socket of this host is no public address")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
