"""How an MCP endpoint over HTTP serves."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from fastmcp.exceptions import ConfigurationError


class HttpSettings(Struct, frozen=True, kw_only=True):
    """How an endpoint serves. Sizes in bytes, `session_idle_timeout` and `request_timeout`
    in seconds (None: for ever), `retry_interval` in milliseconds.
    """

    stateless: bool = False
    json_response: bool = False
    max_request_size: int = 4 * 1024 * 1024
    session_idle_timeout: float | None = 1800
    max_sessions: int = 10_000
    max_sessions_per_principal: int = 1_000
    event_store: Any = None
    retry_interval: int | None = None
    request_timeout: float | None = None

    def __post_init__(self) -> None:
        idle = self.session_idle_timeout
        for name, value in (
            ("session_idle_timeout", 1 if idle is None else idle),
            ("max_sessions", self.max_sessions),
            ("max_sessions_per_principal", self.max_sessions_per_principal),
            ("request_timeout", 1 if self.request_timeout is None else self.request_timeout),
            ("max_request_size", self.max_request_size),
        ):
            if value <= 0:
                raise ConfigurationError(f"{name} must be greater than 0, not {value}")
