"""What a server says on standard error when it begins to listen."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Sequence
from typing import Any

from fastmcp._version import VERSION
from fastmcp.settings import settings


def print_banner(
    server: Any, url: str, *, notes: Sequence[str] = (), host: str | None = None
) -> None:
    """The server's name, where it is reached, and what its operator should know."""
    lines = [f"{server.name}: {url}  (Peregrine {VERSION}; press CTRL+C to stop)", *notes]
    if host is not None and not _is_loopback(host) and getattr(server, "auth", None) is None:
        lines.append(f"Everybody who can reach {host} may use it: it asks for no credentials.")
    if settings.log_enabled and settings.log_format == "json":
        for line in lines:  # whoever reads that reads JSON only
            server.logger.info("%s", line)
    else:
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
