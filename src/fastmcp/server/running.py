"""`run` and all that is like it: which transport, and with which options."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastmcp._spelling import unexpected_keyword
from fastmcp.exceptions import ConfigurationError
from fastmcp.settings import settings
from fastmcp.transports import HttpTransport, StdioTransport

from .event_loop import loop_factory

if TYPE_CHECKING:
    from .http.servable import HttpServable
    from .http.serving.run_options import HttpRun

TRANSPORTS = {"stdio": "stdio", "http": "http", "streamable-http": "http", "sse": "sse"}
STDIO_OPTIONS = {
    "buffer_size",
    "log_level",
    "show_banner",
    "stateless",
    "timeout",
    "timeout_graceful_shutdown",
}

OURS: dict[str, Any] = {"rest": True, "health": True}
"""What is served beside the endpoint where the whole port is ours."""
WITH_OURS = ", ".join([*(f"{name}={value}" for name, value in OURS.items()), "..."])


_loading: str | None = None
"""The program that is being loaded for its server, which somebody else runs then."""


@contextmanager
def loading(program: str) -> Generator[None]:
    """Have `run` and its like be refused meanwhile."""
    global _loading
    before, _loading = _loading, program
    try:
        yield
    finally:
        _loading = before


def run(server: HttpServable, transport: str | None, options: Mapping[str, Any]) -> None:
    """Serve until the end, in a loop of our own."""
    _refuse_here("run", "run_async")
    kind = _kind(transport)
    _serve(server, kind, options, f"run(transport={transport or kind!r})")


def run_http(server: HttpServable, options: Mapping[str, Any]) -> None:
    """Serve over HTTP with all that belongs to it, in a loop of our own."""
    _refuse_here("run_http", f"run_http_async({WITH_OURS})")
    kind = _kind(options.get("transport") or "http")
    if kind == "stdio":
        raise TypeError("run_http() serves HTTP; run() serves standard input and output")
    given = {name: options[name] for name in options if name != "transport"}
    _serve(server, kind, {**OURS, **given}, "run_http()")


def run_sse(server: HttpServable, options: Mapping[str, Any]) -> None:
    """Serve over HTTP+SSE, in a loop of our own."""
    _refuse_here("run_sse", "run_async('sse')")
    _serve(server, "sse", options, "run_sse()")


def run_with_transport(server: HttpServable, transport: Any) -> None:
    """Serve as a transport of `fastmcp.transports` says, in a loop of our own."""
    function = "run_with_transport"
    if isinstance(transport, StdioTransport):
        _refuse_here(function, "run_async('stdio', ...)")
        _serve(server, "stdio", transport.options(), "StdioTransport()")
    elif isinstance(transport, HttpTransport):
        _refuse_here(function, f"run_http_async({WITH_OURS})")
        _serve(server, "http", {**OURS, **transport.options()}, "HttpTransport()")
    else:
        raise TypeError(_no_transport(transport))


def require_streams() -> None:
    """See that there are streams for a client.

    Raises:
        ConfigurationError: one of them was closed by who started this process.
    """
    for name in ("stdin", "stdout"):
        if getattr(sys, name) is None:
            raise ConfigurationError(
                f"{name} is closed, by which a client would be served; the transport http serves "
                "without it"
            )


async def run_async(
    server: HttpServable, transport: str | None, options: Mapping[str, Any]
) -> None:
    """Serve until the end, or until cancelled."""
    kind = _kind(transport)
    function = f"run_async(transport={transport or kind!r})"
    if kind == "stdio":
        require_streams()
        await _serve_stdio(server, options, function)
        return
    how = _http_run(kind, options, function)
    if how.workers > 1 or how.loop != "auto":
        name = "workers" if how.workers > 1 else "loop"
        raise TypeError(f"{function} does not take {name}=: it runs in this loop; use run_http()")
    await _serve_http(server, how)


def _serve(server: HttpServable, kind: str, options: Mapping[str, Any], function: str) -> None:
    if kind == "stdio":
        require_streams()
        _to_the_end(lambda: _serve_stdio(server, options, function), None)
        return
    how = _http_run(kind, options, function)
    if how.workers > 1:
        from .http.serving.workers import run_workers

        run_workers(server, how)
    else:
        _to_the_end(lambda: _serve_http(server, how), loop_factory(how.loop))


def _http_run(kind: str, options: Mapping[str, Any], function: str) -> HttpRun:
    from .http.serving.run_options import read_run

    return read_run(function, kind, options)


async def _serve_http(server: HttpServable, how: HttpRun) -> None:
    from .http.serving.http_server import serve_http
    from .logged import logged

    with logged(how.log_level, uvicorn=how.logs_uvicorn):
        await serve_http(server, how)


async def _serve_stdio(server: HttpServable, options: Mapping[str, Any], function: str) -> None:
    from .stdio import StdioOptions, serve_stdio

    for name in options:
        if name not in STDIO_OPTIONS:
            raise unexpected_keyword(function, name, sorted(STDIO_OPTIONS))
    given = {} if server.limits is None else server.limits.stdio_options()
    given |= {name: value for name, value in options.items() if value is not None}
    level, shows = given.pop("log_level", None), given.pop("show_banner", None)
    if shows is None:  # a client that starts it gives it a pipe
        shows = settings.show_server_banner and sys.stdin is not None and sys.stdin.isatty()
    given.pop("stateless", None)  # a process has one client here, whatever it is called
    from .logged import logged

    with logged(level):
        if shows:
            from .banner import print_banner

            print_banner(server, "standard input and output")
        await serve_stdio(server, StdioOptions(**given))


def _to_the_end(
    serve: Callable[[], Coroutine[Any, Any, None]],
    factory: Callable[[], asyncio.AbstractEventLoop] | None,
) -> None:
    try:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(serve())
    except KeyboardInterrupt:
        pass


def _kind(transport: str | None) -> str:
    name = transport or settings.transport
    kind = TRANSPORTS.get(name)
    if kind is None:
        raise ConfigurationError(f"Unknown transport {name!r}; use one of {', '.join(TRANSPORTS)}")
    return kind


def _refuse_here(function: str, instead: str) -> None:
    if _loading is not None:
        raise ConfigurationError(
            f"{function}() was called while {_loading} was loaded for its server, which is run "
            f"then; put the call below `if __name__ == '__main__':`"
        )
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    instead = instead if instead.endswith(")") else f"{instead}(...)"
    raise RuntimeError(
        f"{function}() cannot be called inside a running event loop; use `await mcp.{instead}`"
    )


def _no_transport(given: Any) -> str:
    name = type(given).__name__
    text = "run_with_transport() takes StdioTransport() or HttpTransport() of fastmcp.transports"
    if any(kind.__module__.startswith("fastmcp.client.") for kind in type(given).__mro__):
        return f"{text}; this {name} is of fastmcp.client.transports, and is for a Client"
    if isinstance(given, str):
        return f"{text}; for a name there is run(transport={given!r})"
    return f"{text}, not {name}"
