"""How to serve, as objects for `FastMCP.run_with_transport`. A client's are in
`fastmcp.client.transports`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastmcp._spelling import unexpected_keyword
from fastmcp.exceptions import ConfigurationError

DEFAULT_BUFFER = 64 * 1024


class StdioTransport:
    """Serve one client on standard input and output.

    `buffer_size` is how many bytes are read at a time, `timeout` how many seconds a request may
    take; a client that sends none may stay for ever.
    """

    def __init__(
        self, buffer_size: int = DEFAULT_BUFFER, timeout: float | None = None, **others: Any
    ) -> None:
        for name in others:
            raise unexpected_keyword("StdioTransport()", name, ("buffer_size", "timeout"))
        check_positive(buffer_size=buffer_size, timeout=timeout)
        self.buffer_size = buffer_size
        self.timeout = timeout

    def __repr__(self) -> str:
        return f"StdioTransport(buffer_size={self.buffer_size}, timeout={self.timeout})"

    def options(self) -> dict[str, Any]:
        """The keywords of `run(transport="stdio")` that mean the same."""
        return {"buffer_size": self.buffer_size, "timeout": self.timeout}


class HttpTransport:
    """Serve streamable HTTP, with the REST view and `/health`, as `FastMCP.run_http` does.

    `cors_origins` are the web pages that may use it; with `cors_enabled` and no list all of them
    may, and without `cors_enabled` none. `request_timeout` is how many seconds a request may take,
    `max_request_size` how many bytes its body may have. Every other keyword of `run_http` is taken.
    """

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        cors_enabled: bool | None = None,
        cors_origins: Sequence[str] | None = None,
        request_timeout: float | None = None,
        max_request_size: int | None = None,
        **others: Any,
    ) -> None:
        check_positive(request_timeout=request_timeout, max_request_size=max_request_size)
        self.host = host
        self.port = port
        alone = isinstance(cors_origins, str)
        self.cors_origins: list[str] = [cors_origins] if alone else list(cors_origins or ())
        self.cors_enabled: bool = bool(self.cors_origins) if cors_enabled is None else cors_enabled
        self.request_timeout = request_timeout
        self.max_request_size = max_request_size
        self.others = others

    def __repr__(self) -> str:
        return f"HttpTransport(host={self.host!r}, port={self.port})"

    def options(self) -> dict[str, Any]:
        """The keywords of `run_http` that mean the same."""
        given = {
            "host": self.host,
            "port": self.port,
            "cors_origins": (self.cors_origins or ["*"]) if self.cors_enabled else None,
            "request_timeout": self.request_timeout,
            "max_request_size": self.max_request_size,
        }
        return {**{k: v for k, v in given.items() if v is not None}, **self.others}


def check_positive(**numbers: Any) -> None:
    """ConfigurationError for a number that is given and not greater than 0."""
    for name, value in numbers.items():
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            raise ConfigurationError(f"{name}={value!r}: it must be greater than 0")
