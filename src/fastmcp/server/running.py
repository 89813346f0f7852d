"""`run` and its asynchronous twin: which transport, and with which options."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Generator
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastmcp.exceptions import ConfigurationError

if TYPE_CHECKING:
    from .http.app import HttpServable

TRANSPORTS = {
    "stdio": "stdio",
    "http": "http",
    "streamable-http": "http",
}
_STDIO_OPTIONS = {"show_banner", "log_level", "stateless"}


def run(server: HttpServable, transport: str | None, options: dict[str, Any]) -> None:
    """Serve until the end, in a loop of our own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise RuntimeError(
            "run() cannot be called inside a running event loop; use `await mcp.run_async(...)`"
        )
    try:
        kind = _kind(transport)
        with _terminable(), asyncio.Runner(loop_factory=_loop_factory(kind)) as runner:
            runner.run(run_async(server, kind, options))
    except KeyboardInterrupt:
        pass


@contextlib.contextmanager
def _terminable() -> Generator[None]:
    """SIGTERM ends the service as SIGINT does: in order, and with exit code 0."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _loop_factory(kind: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop for HTTP, where it is installed."""
    if kind == "stdio":
        return None
    try:
        uvloop = import_module("uvloop")
    except ImportError:
        return None
    return uvloop.new_event_loop


def _kind(transport: str | None) -> str:
    transport = transport or os.environ.get("FASTMCP_TRANSPORT") or "stdio"
    kind = TRANSPORTS.get(transport)
    if kind is None:
        raise ConfigurationError(
            f"Unknown transport {transport!r}; use one of {', '.join(TRANSPORTS)}"
        )
    return kind


async def run_async(server: HttpServable, transport: str | None, options: dict[str, Any]) -> None:
    """Serve until the end, or until cancelled."""
    if _kind(transport) == "stdio":
        if unknown := sorted(options.keys() - _STDIO_OPTIONS):
            raise TypeError(f"run(transport='stdio') does not take {', '.join(unknown)}")
        from .stdio import serve_stdio

        await serve_stdio(lambda channel: server.connect(channel, "stdio"), server.lifespan.use())
    else:
        from .http.serving import serve_http

        await serve_http(server, **options)
