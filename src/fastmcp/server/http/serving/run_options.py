"""The keywords of running over HTTP, told apart: the application's, uvicorn's, and our own."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from socket import socket
from typing import Any

import uvicorn
from msgspec import Struct

from fastmcp._spelling import unexpected_keyword
from fastmcp.exceptions import ConfigurationError
from fastmcp.settings import Settings, flag, settings

from ..application.assembly import create_app
from .bounded_protocol import bounded_protocol

GRACE = 2.0
"""Seconds that calls have to finish once the server is to end."""

OWN = {
    "host",
    "port",
    "path",
    "log_level",
    "loop",
    "show_banner",
    "sockets",
    "stateless",
    "uvicorn_config",
    "workers",
}
# Of our own, what uvicorn has not as well. (Sockets and the banner may stand among its options.)
OURS_ALONE = {"path", "stateless", "uvicorn_config"}
# What uvicorn does only for applications that it imports by itself.
NOT_UVICORNS = {
    "app",
    "app_dir",
    "factory",
    "reload",
    "reload_delay",
    "reload_dirs",
    "reload_excludes",
    "reload_includes",
    "timeout_worker_healthcheck",
}
LOOPS = ("auto", "asyncio", "uvloop")


class HttpRun(Struct, kw_only=True):
    """How to serve over HTTP. `app` goes to `create_app`, and `uvicorn` to its configuration, where
    a log level may stand that is for uvicorn alone. `logs_uvicorn`: its log goes where ours does.
    """

    transport: str
    host: str
    port: int
    sockets: Sequence[socket] | None
    workers: int
    loop: str
    log_level: str | int | None
    logs_uvicorn: bool
    show_banner: bool
    grace: float | None
    app: dict[str, Any]
    uvicorn: dict[str, Any]

    @property
    def scheme(self) -> str:
        """Whether it is served with TLS."""
        secure = any(self.uvicorn.get(f"ssl_{n}") for n in ("certfile", "keyfile"))
        return "https" if secure or self.uvicorn.get("ssl_context_factory") else "http"


def read_run(function: str, transport: str, keywords: Mapping[str, Any]) -> HttpRun:
    """How to serve, as the keywords of `function` say it, and else the settings.

    Raises:
        TypeError: a keyword that it does not take.
        ConfigurationError: one that cannot have its value.
    """
    for_app, for_uvicorn = _app_keywords(), _uvicorn_keywords()
    for name in keywords:
        if name not in OWN | for_app | for_uvicorn:
            raise unexpected_keyword(function, name, sorted(OWN | for_app | for_uvicorn))
    if transport != "sse" and keywords.get("message_path") is not None:
        raise TypeError(f"{function} takes message_path= for transport='sse' only")
    config: dict[str, Any] = dict(keywords.get("uvicorn_config") or {})
    config.update({name: keywords[name] for name in keywords if name in for_uvicorn})
    for name in config:
        if name in OURS_ALONE | for_app:
            raise ConfigurationError(
                f"uvicorn_config= has {name!r}, of which uvicorn knows nothing: it is a keyword of "
                f"{function} itself"
            )
        if name in NOT_UVICORNS:
            raise ConfigurationError(
                f"uvicorn_config= has {name!r}, which uvicorn does for what it imports by itself: "
                "use `uvicorn --reload module:mcp`"
            )
        if name not in for_uvicorn | OWN:
            raise unexpected_keyword("uvicorn_config=", name, sorted(for_uvicorn))

    def own(name: str) -> Any:
        inner = config.pop(name, None)
        return inner if keywords.get(name) is None else keywords[name]

    show = own("show_banner")
    for_endpoint = {name: keywords[name] for name in keywords if name in for_app}
    if keywords.get("stateless") is not None and for_endpoint.get("stateless_http") is None:
        for_endpoint["stateless_http"] = flag(keywords["stateless"], "stateless")
    return HttpRun(
        transport=transport,
        host=Settings.host.check(own("host") or settings.host, "host="),
        port=_port(own("port")),
        sockets=own("sockets"),
        workers=_workers(own("workers")),
        loop=_loop(own("loop")),
        log_level=_log_level(keywords.get("log_level")),
        logs_uvicorn="log_config" not in config,
        show_banner=settings.show_server_banner if show is None else flag(show, "show_banner"),
        grace=_grace(config.pop("timeout_graceful_shutdown", GRACE)),
        app=for_endpoint,
        uvicorn={
            "lifespan": "on",
            "ws": "none",
            "log_config": None,
            **config,
            "http": _protocol(config.get("http", "auto")),
        },
    )


def _app_keywords() -> set[str]:
    return set(inspect.signature(create_app).parameters) - {"server", "transport", "bound_to"}


def _uvicorn_keywords() -> set[str]:
    return set(inspect.signature(uvicorn.Config).parameters) - OWN - NOT_UVICORNS


def _protocol(given: Any) -> Any:
    """Those of uvicorn's that set no bounds to a request are served by ours, which do."""
    return bounded_protocol(given) if given in ("auto", "h11", "httptools") else given


def _port(given: Any) -> int:
    return settings.port if given is None else Settings.port.check(given, "port=")


def _log_level(given: Any) -> str | int | None:
    return given if isinstance(given, int | None) else Settings.log_level.check(given, "log_level=")


def _workers(given: Any) -> int:
    if given is None:
        return 1
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise ConfigurationError(f"workers={given!r}: it must be a whole number from 1")
    return given


def _loop(given: Any) -> str:
    if given is None:
        return "auto"
    if given not in LOOPS:
        raise ConfigurationError(f"loop={given!r}: it must be one of {', '.join(LOOPS)}")
    return given


def _grace(given: Any) -> float | None:
    if given is None:
        return None
    if not isinstance(given, (int, float)) or given < 0:
        raise ConfigurationError(
            f"timeout_graceful_shutdown={given!r}: it must be seconds, or None for no limit"
        )
    return float(given)
