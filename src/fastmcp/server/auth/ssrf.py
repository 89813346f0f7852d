"""Fetching what somebody else has chosen the URL of, by the names that FastMCP has for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from fastmcp._fetching.addresses import is_public
from fastmcp._fetching.bounded import Fetched
from fastmcp._fetching.errors import SSRFError, SSRFFetchError
from fastmcp._fetching.targets import target_of
from fastmcp.settings import settings

__all__ = [
    "SSRFError",
    "SSRFFetchError",
    "SSRFFetchResponse",
    "ValidatedURL",
    "format_ip_for_url",
    "is_ip_allowed",
    "resolve_hostname",
    "ssrf_safe_fetch",
    "ssrf_safe_fetch_response",
    "validate_url",
]

SSRFFetchResponse = Fetched

# A document of metadata is small.
_MAX_SIZE = 5_120


class ValidatedURL(Struct):
    """A URL with the addresses of its host, which are public; or with the proxy that is trusted."""

    original_url: str
    hostname: str
    port: int
    path: str
    resolved_ips: list[str]
    proxy_url: str | None = None


def format_ip_for_url(ip_str: str) -> str:
    """An address as URLs have it: of IPv6 in brackets."""
    return f"[{ip_str}]" if ":" in ip_str else ip_str


def is_ip_allowed(ip_str: str) -> bool:
    """Whether this is an address of one host of the public internet."""
    return is_public(ip_str)


async def resolve_hostname(hostname: str, port: int = 443) -> list[str]:
    """The addresses of a host, of whatever kind.

    Raises:
        SSRFError: it has none.
    """
    from fastmcp._fetching.guarded_network import resolved

    return await resolved(hostname, port)


async def validate_url(url: str, require_path: bool = False) -> ValidatedURL:
    """A URL that leads nowhere but to public addresses, at the moment: what is fetched is looked up
    anew, and looked at anew.

    Raises:
        SSRFError: it leads elsewhere, or is no URL of https.
    """
    from fastmcp._fetching.fetcher import proxy_url
    from fastmcp._fetching.guarded_network import check_address, public_addresses

    target = target_of(url)
    if target.scheme != "https":
        raise SSRFError(f"{url!r} must begin with https://")
    if require_path and target.path.partition("?")[0] == "/":
        raise SSRFError(f"{url!r} must have a path")
    if target.is_address:
        check_address(target.host, target.host)
    proxy = proxy_url() if settings.ssrf_trust_proxy else None
    addresses = [] if proxy else await public_addresses(target.host, target.port)
    return ValidatedURL(url, target.host, target.port, target.path, addresses, proxy)


async def ssrf_safe_fetch(
    url: str,
    *,
    require_path: bool = False,
    max_size: int = _MAX_SIZE,
    timeout: float = 10.0,
    overall_timeout: float = 30.0,
) -> bytes:
    """The body of what a URL answers with status 200.

    Raises:
        SSRFError: it leads where it must not.
        SSRFFetchError: it answered otherwise, too late, or with too much.
    """
    fetched = await ssrf_safe_fetch_response(
        url,
        require_path=require_path,
        max_size=max_size,
        timeout=timeout,
        overall_timeout=overall_timeout,
    )
    return fetched.content


async def ssrf_safe_fetch_response(
    url: str,
    *,
    require_path: bool = False,
    max_size: int = _MAX_SIZE,
    timeout: float = 10.0,
    overall_timeout: float = 30.0,
    request_headers: Mapping[str, str] | None = None,
    allowed_status_codes: Collection[int] | None = None,
) -> SSRFFetchResponse:
    """As `ssrf_safe_fetch`, with the headers and the status, which may be one of these."""
    from fastmcp._fetching.fetcher import Fetcher

    if require_path and target_of(url).path.partition("?")[0] == "/":
        raise SSRFError(f"{url!r} must have a path")
    fetched = await Fetcher().fetch(
        url,
        headers=request_headers,
        max_size=max_size,
        timeout=timeout,
        overall_timeout=overall_timeout,
    )
    if fetched.status_code not in (allowed_status_codes or (200,)):
        raise SSRFFetchError(f"{url} answers with status {fetched.status_code}")
    return fetched
