"""Target: what a URL says, read once and strictly, so that nobody else reads it otherwise."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import Struct

from .errors import SSRFError

_PORTS = {"http": 80, "https": 443}
_VISIBLE = re.compile(r"[!-\[\]-~]+")  # ASCII, but for spaces and backslashes
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
MAX_URL = 2_048


class Target(Struct, frozen=True):
    """Where a request goes: `host` is a name or an address, `path` has the query."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    is_address: bool

    @property
    def origin(self) -> tuple[str, str, int]:
        """Who answers."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The value of the header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def target_of(url: str) -> Target:
    """The target of a URL of http(s).

    Raises:
        SSRFError: it is none, or of a kind that is used to mislead.
    """
    if len(url) > MAX_URL or not _VISIBLE.fullmatch(url):
        raise SSRFError(f"It is no URL: {url[:200]!r}")
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError:
        raise SSRFError(f"It is no URL: {url!r}") from None
    if parts.scheme not in _PORTS:
        raise SSRFError(f"{url!r} must begin with https://")
    if "@" in parts.netloc:
        raise SSRFError("A URL may have no user and no password in it")
    if port == 0:
        raise SSRFError(f"{url!r} has no port that can be reached")
    is_address = _check_host(host, in_brackets="[" in parts.netloc)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(url, parts.scheme, host, port or _PORTS[parts.scheme], path, is_address)


def _check_host(host: str, *, in_brackets: bool) -> bool:
    """Whether a host is an address; other spellings of one than the usual are refused.

    Resolvers take 2130706433, 0x7f.1 and 0177.0.0.1 for 127.0.0.1.
    """
    try:
        ip_address(host)
    except ValueError:
        pass
    else:
        if "%" in host:
            raise SSRFError(f"The address {host} names an interface")
        return True
    last = host.rstrip(".").rpartition(".")[2]
    if in_brackets or not _NAME.fullmatch(host) or _NUMBER.fullmatch(last):
        raise SSRFError(f"{host!r} is neither a host's name nor an address in its usual spelling")
    return False
