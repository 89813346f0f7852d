"""Fetcher: requests of URLs that somebody else chose."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import httpcore2

from fastmcp.settings import settings

from .bounded import Fetched
from .errors import FetchError, SSRFError, SSRFFetchError
from .guarded_network import GuardedNetwork, Resolve, check_address, resolved
from .targets import Target, target_of

_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
_REDIRECTS = (301, 302, 303, 307, 308)
MAX_SIZE = 64 * 1024


class Fetcher:
    """Sends requests to hosts of the public internet alone, over https, bounded in size and time.

    With `allow_loopback` also to this very host, without TLS too: for development. `resolve` stands
    in for the system's resolver, `ssl_context` for its certificates.

    With the setting `ssrf_trust_proxy` requests go through the proxy of the environment, which
    then has to keep them from what they must not reach: names are looked up there, not here.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        resolve: Resolve = resolved,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._resolve = resolve
        self._ssl_context = ssl_context

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        max_size: int = MAX_SIZE,
        timeout: float = 10.0,
        overall_timeout: float = 30.0,
        redirects: int = 0,
    ) -> Fetched:
        """What a URL answers, whatever its status; `redirects` to the same origin are followed.

        Raises:
            SSRFError: it leads, or is redirected, where it must not.
            SSRFFetchError: it did not answer in time, or with too much.
        """
        target = self._target(url)
        try:
            async with asyncio.timeout(overall_timeout):
                while True:
                    fetched = await self._send(target, method, headers, content, max_size, timeout)
                    if fetched.status_code not in _REDIRECTS or method != "GET":
                        return fetched
                    target = self._redirected(target, fetched, redirects)
                    redirects -= 1
        except FetchError:
            raise
        except (TimeoutError, httpcore2.TimeoutException):
            raise SSRFFetchError(f"{url} did not answer in time") from None
        except Exception as error:  # httpcore2's have no common root
            name = type(error).__name__
            raise SSRFFetchError(f"{url} could not be fetched: {name}") from None

    def _target(self, url: str) -> Target:
        target = target_of(url)
        if target.scheme != "https" and not self._allow_loopback:
            raise SSRFError(f"{url!r} must begin with https://")
        if target.is_address:  # which a proxy would not look at
            check_address(target.host, target.host, allow_loopback=self._allow_loopback)
        return target

    def _redirected(self, target: Target, fetched: Fetched, left: int) -> Target:
        location = fetched.headers.get("location", "")
        if left < 1 or not location:
            raise SSRFFetchError(f"{target.url} answers with a redirect, which is not followed")
        found = self._target(urljoin(target.url, location))
        if found.origin != target.origin:
            raise SSRFError(f"{target.url} redirects to another host, {found.host}")
        return found

    async def _send(
        self,
        target: Target,
        method: str,
        headers: Mapping[str, str] | None,
        content: bytes | None,
        max_size: int,
        timeout: float,
    ) -> Fetched:
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), timeout)
        async with (
            self._pool(target) as pool,
            pool.stream(
                method,
                httpcore2.URL(
                    scheme=target.scheme, host=target.host, port=target.port, target=target.path
                ),
                headers=_headers(target, headers, content),
                content=content,
                extensions={"timeout": timeouts},
            ) as response,
        ):
            received = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in response.headers
            }
            if received.get("content-encoding", "identity").lower() != "identity":
                raise SSRFFetchError(f"{target.url} answers compressed, which nobody asked for")
            body = bytearray()
            async for chunk in response.aiter_stream():
                body += chunk
                if len(body) > max_size:
                    raise SSRFFetchError(f"{target.url} answers with more than {max_size} bytes")
            return Fetched(bytes(body), response.status, received)

    def _pool(self, target: Target) -> httpcore2.AsyncConnectionPool:
        if settings.ssrf_trust_proxy:
            return httpcore2.AsyncConnectionPool(self._ssl_context, proxy=_proxy())
        network = GuardedNetwork(
            self._resolve,
            allow_loopback=self._allow_loopback,
            https_only=target.scheme == "https",
        )
        return httpcore2.AsyncConnectionPool(self._ssl_context, network_backend=network)


def proxy_url() -> str:
    """The proxy that requests are trusted to.

    Raises:
        SSRFError: the environment names none: then nobody would look where requests go.
    """
    for name in _PROXIES:
        if value := os.environ.get(name, "").strip():
            return value if "://" in value else f"http://{value}"
    raise SSRFError(
        "FASTMCP_SSRF_TRUST_PROXY is on, and neither HTTPS_PROXY nor ALL_PROXY names a proxy: "
        "set one, or leave the checks to this process"
    )


def _proxy() -> httpcore2.Proxy:
    url = proxy_url()
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    auth = None
    if parts.username is not None:
        auth = (unquote(parts.username), unquote(parts.password or ""))
    return httpcore2.Proxy(f"{parts.scheme}://{host}{port}", auth=auth)


def _headers(
    target: Target, given: Mapping[str, str] | None, content: bytes | None
) -> list[tuple[str, str]]:
    own: dict[str, Any] = {"host": target.authority, "accept-encoding": "identity"}
    if content is not None:
        own["content-length"] = str(len(content))
    given = {"accept": "*/*", "user-agent": "fastmcp", **(given or {})}
    others = [(name, value) for name, value in given.items() if name.lower() not in own]
    return [*own.items(), *others]
