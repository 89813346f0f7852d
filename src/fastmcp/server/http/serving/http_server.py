"""Serving the application with uvicorn, and ending in order.

Whoever only listens is sent away first, calls have until the deadline, and what is then still
being served is answered with an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Generator, Sequence
from socket import socket
from typing import Any, Final

import uvicorn

from fastmcp._protocol.http import refuse
from fastmcp._runtime.interruption import ServerStopping, interrupt, was_interrupted
from fastmcp.settings import Settings, settings

from ...banner import print_banner
from ...service import Service, serving
from ..application.assembly import create_app, within_limits
from ..application.starlette_app import StarletteWithLifespan
from ..reply import Reply
from ..servable import HttpServable
from .listening import listen_on, url_of
from .run_options import HttpRun

logger: Final = logging.getLogger("uvicorn.error")

# How long the answers of interrupted sessions have to go out, and everything else then has to
# end, in seconds.
ANSWERING = 0.1
CLEANING = 0.5
# How long those may take to agree on TLS who had connected before the end, in seconds.
HANDSHAKE = 1.0
# How long nothing may arrive on a connection that is kept until it is closed, in seconds.
QUIET = 0.5


def create_run_app(server: HttpServable, how: HttpRun) -> StarletteWithLifespan:
    """The application that is to be served so."""
    elsewhere = how.sockets or how.uvicorn.get("uds") or how.uvicorn.get("fd")
    bound_to = None if elsewhere else how.host
    options = within_limits(server, {"transport": how.transport, **how.app})
    return create_app(server, bound_to=bound_to, **options)


async def serve_http(server: HttpServable, how: HttpRun) -> None:
    """Serve until cancelled, signalled or stopped.

    Raises:
        OSError: the address cannot be had.
    """
    app = create_run_app(server, how)
    with contextlib.ExitStack() as opened:
        sockets = sockets_for(how, opened)

        def begun() -> None:
            announce(server, how, app.state.path, sockets)

        http = HttpServer(how, app, begun)
        await serve_until_stopped(server, http, sockets)


async def serve_until_stopped(
    server: HttpServable,
    http: HttpServer,
    sockets: Sequence[socket] | None,
    prepare: Callable[[Service], object] | None = None,
) -> None:
    """Serve as a service of this process, which `prepare` is given first. Until it listens, ending
    it is cancelling it.
    """
    task = asyncio.current_task()
    assert task is not None

    def end() -> None:
        http.should_exit = True
        if not http.started:
            task.cancel()

    with serving(server, end) as service:
        if prepare is not None:
            prepare(service)
        try:
            async with server.lifespan.use():
                await http.serve(None if sockets is None else list(sockets))
        except asyncio.CancelledError:
            if not service.ending or http.started or task.uncancel() > 0:
                raise


def sockets_for(how: HttpRun, opened: contextlib.ExitStack) -> Sequence[socket] | None:
    """The sockets to serve on, closed with `opened` if they are ours; None for those that uvicorn
    opens by itself.
    """
    if how.sockets is not None:
        return how.sockets
    if how.uvicorn.get("uds") is not None or how.uvicorn.get("fd") is not None:
        return None
    made = listen_on(how.host, how.port)
    for each in made:
        opened.callback(each.close)
    return made


def announce(
    server: HttpServable,
    how: HttpRun,
    path: str,
    sockets: Sequence[socket] | None,
    notes: Sequence[str] = (),
) -> None:
    """Say where the server is reached."""
    base = url_of(how.scheme, how.host, sockets) if sockets else _socket_name(how)
    if how.show_banner:
        print_banner(server, base + path, notes=notes, host=how.host if sockets else None)
    if sockets:  # for others uvicorn says it
        logger.info("Uvicorn running on %s (Press CTRL+C to quit)", base)


def _socket_name(how: HttpRun) -> str:
    uds = how.uvicorn.get("uds")
    return f"fd {how.uvicorn.get('fd')} " if uds is None else f"unix:{uds} "


class HttpServer(uvicorn.Server):
    """uvicorn with our way to end. `begun` is called when it listens."""

    def __init__(self, how: HttpRun, app: StarletteWithLifespan, begun: Callable[[], None]) -> None:
        self._app = app
        self._on_listening = begun
        self._grace = how.grace
        self._ending = False
        level = Settings.log_level.given(settings) if how.log_level is None else how.log_level
        grace = None if how.grace is None else how.grace + ANSWERING + CLEANING
        options: dict[str, Any] = {
            "log_level": level.lower() if isinstance(level, str) else level,
            "interface": "asgi3",
            **how.uvicorn,
            "timeout_graceful_shutdown": grace,
        }
        super().__init__(uvicorn.Config(self._serve_one, how.host, how.port, **options))

    async def _serve_one(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self._ending:
                raise
            if was_interrupted() and not _response_begun(send):
                await Reply(send).reject(refuse(ServerStopping(), status=503))

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield  # they are the Service's

    async def serve(self, sockets: list[socket] | None = None) -> None:
        try:
            await super().serve(sockets)
        except asyncio.CancelledError:
            if self.started:
                await self.shutdown(sockets)
            raise

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._app.manager.dismiss()
        timer = None
        if self._grace is not None:
            timer = asyncio.get_running_loop().call_later(self._grace, self._interrupt)
        try:
            await self._send_away()
            await super().shutdown(sockets)
        finally:
            if timer is not None:
                timer.cancel()

    async def _send_away(self) -> None:
        """Answer what arrives on connections that are kept, and close them with the answer.

        A proxy may be sending a request on one while it ends; closed at once, it would be lost.
        """
        await self._accept_last()
        state = self.server_state
        state.default_headers = [*state.default_headers, (b"connection", b"close")]
        now = asyncio.get_running_loop().time
        answered, until = state.total_requests, now() + QUIET
        while state.connections and now() < until and not (self.force_exit or self._ending):
            await asyncio.sleep(0.02)
            if state.total_requests > answered:
                answered, until = state.total_requests, now() + QUIET

    async def _accept_last(self) -> None:
        """Stop listening, and take in who has connected already: a listener that is closed resets
        those that it has not accepted. (On Windows a socket has no descriptor to keep it by.)
        """
        if sys.platform == "win32":
            return
        for listener in self.servers:
            last = [socket(fileno=os.dup(each.fileno())) for each in listener.sockets]
            listener.close()
            for each in last:
                arrived: list[socket] = []
                with each, contextlib.suppress(BlockingIOError):
                    each.setblocking(False)
                    for _ in range(self.config.backlog):  # others may listen on it, too
                        arrived.append(each.accept()[0])
                await self._take_in(arrived)

    async def _take_in(self, arrived: list[socket]) -> None:
        """Serve these connections, but for those with which no TLS comes about in time."""
        connect = asyncio.get_running_loop().connect_accepted_socket
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HANDSHAKE):
                await asyncio.gather(
                    *(connect(self._protocol, each, ssl=self.config.ssl) for each in arrived),
                    return_exceptions=True,
                )

    def _protocol(self) -> asyncio.Protocol:
        make: Any = self.config.http_protocol_class
        return make(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    def _interrupt(self) -> None:
        """Have everything answered that is still being served."""
        self._ending = True
        self._app.manager.interrupt()
        asyncio.get_running_loop().call_later(ANSWERING, self._interrupt_others)

    def _interrupt_others(self) -> None:
        for task in list(self.server_state.tasks):
            interrupt(task)


def _response_begun(send: Any) -> bool:
    """Whether the response has begun that uvicorn's `send` is for."""
    return getattr(getattr(send, "__self__", None), "response_started", True)
