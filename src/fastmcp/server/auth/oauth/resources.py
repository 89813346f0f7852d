"""Which URLs mean the same protected resource (RFC 8707)."""

from __future__ import annotations

from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def same_resource(one: str, other: str) -> bool:
    """Whether two URLs are alike but for the spelling of scheme and host, a port that goes without
    saying, and a slash at the end, which libraries of clients add and take away.
    """
    return one == other or (
        (compared := _compared(one)) is not None and compared == _compared(other)
    )


def _compared(url: str) -> tuple[str, str, int | None, str] | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or "#" in url or "?" in url or "@" in parts.netloc:
        return None
    port = port or _PORTS.get(parts.scheme)
    return parts.scheme, parts.hostname, port, parts.path.rstrip("/")
