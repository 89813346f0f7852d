"""Which URLs a client goes to, and which belong together."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit, urlunsplit

from fastmcp.exceptions import OAuthFlowError

from .exchange import shown

_PORTS = {"http": 80, "https": 443}
_LONGEST = 4096


def canonical(url: str) -> str:
    """A server's URL as the name of a resource (RFC 8707): no fragment, no slash at its end."""
    parts = urlsplit(url)
    place = (parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower(), parts.path.rstrip("/"))
    return urlunsplit((*place, parts.query, ""))


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port (RFC 6454).

    Raises:
        ValueError: this is no URL.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, parts.hostname or "", parts.port or _PORTS.get(scheme)


def covers(resource: str, url: str) -> bool:
    """Whether a resource is the server at a URL, or what is above it at the same origin."""
    try:
        if origin(resource) != origin(url) or urlsplit(resource).fragment:
            return False
    except ValueError:
        return False
    above, below = (urlsplit(each).path.rstrip("/") + "/" for each in (resource, url))
    return below.startswith(above)


def is_same_issuer(one: str, other: str) -> bool:
    """Whether two texts name one authorization server: the same text, or without a path, where one
    may have the slash that some libraries add.
    """
    shorter, longer = sorted((one, other), key=len)
    return one == other or (longer == f"{shorter}/" and not urlsplit(shorter).path)


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine, by its name alone."""
    if host is None:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked(url: object, what: str, server_url: str) -> str:
    """A URL that a peer named, if a client may go there: by https, by http only to the MCP server
    itself, whose user named it so, and on this machine, if that is where the MCP server is.

    Raises:
        OAuthFlowError: it may not.
    """
    text = url if isinstance(url, str) else ""
    if len(text) <= _LONGEST and text.isprintable() and text.isascii() and " " not in text:
        try:
            parts = urlsplit(text)
            place = origin(text)
            same = place == origin(server_url)
        except ValueError:
            raise OAuthFlowError(f"The {what} is no URL") from None
        secure = parts.scheme == "https" or (
            parts.scheme == "http" and (same or _both_here(parts.hostname, server_url))
        )
        if secure and parts.hostname and parts.username is None and not parts.fragment:
            return text
    raise OAuthFlowError(
        f"The {what}, {shown(text)}, is not one to go to: it has to be an https:// URL (http:// "
        "only at the origin of the MCP server, or where both are on this machine) without "
        "credentials or fragment"
    )


def _both_here(host: str | None, server_url: str) -> bool:
    return is_loopback(host) and is_loopback(urlsplit(server_url).hostname)
