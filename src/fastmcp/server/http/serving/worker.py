"""One of several workers: this program, started again by the one that supervises it.

It reaches `run_http` as the supervisor did, and there serves on the supervisor's sockets. What it
has of the supervisor comes over a socket pair, the post: first the terms, then its end when the
supervisor is gone. Over it goes that the worker is ready, and that the whole service is to stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import Any, Final

from msgspec import Struct, json

from ...service import Service
from ..servable import HttpServable
from .http_server import HttpServer, create_run_app, serve_until_stopped
from .run_options import HttpRun

VARIABLE: Final = "FASTMCP_WORKER"
READY: Final = b"ready\n"
STOP: Final = b"stop\n"
QUEUE: Final = 2048
"""How many connections wait at most; uvicorn's default."""


class Terms(Struct):
    """What the workers of one service share: the sockets, by their descriptors, and a secret."""

    sockets: list[int]
    secret: bytes
    stateless: bool


class SharedSocket(socket.socket):
    """A socket that several workers accept from. Its `queue` is as long as it was said to be,
    whatever it is told when it begins to listen.

    asyncio accepts as many connections at a time as it takes the queue to be long, and the first
    worker to wake would have them all. It is told 1: whoever gets round to it takes one.
    """

    queue = 0

    def listen(self, backlog: int = 0) -> None:
        super().listen(self.queue)


class Post:
    """The way to the supervisor."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        with line.makefile("rb") as lines:
            self.terms: Terms = json.decode(lines.readline(), type=Terms)
        line.setblocking(False)

    def send(self, word: bytes) -> None:
        """Say something; a supervisor that is gone hears nothing."""
        with contextlib.suppress(OSError):
            self._line.send(word)

    def watch(self, gone: Any) -> None:
        """Have `gone` called, in the running loop, when the supervisor is no more."""
        loop = asyncio.get_running_loop()

        def look() -> None:
            with contextlib.suppress(BlockingIOError):
                try:
                    alive = self._line.recv(64)
                except ConnectionError:
                    alive = b""
                if not alive:
                    loop.remove_reader(self._line)
                    gone()

        loop.add_reader(self._line, look)

    def unwatch(self) -> None:
        """Look no more."""
        asyncio.get_running_loop().remove_reader(self._line)


def name_of(line: socket.socket) -> str:
    """What tells a worker its end of the post: the descriptor, and which socket it has to be."""
    return f"{line.fileno()}:{os.fstat(line.fileno()).st_ino}"


def take_post() -> Post | None:
    """The post of this process, if a supervisor started it as a worker; it can be taken once.

    Programs that a worker starts may find the variable, too, but not the socket.
    """
    descriptor, _, inode = os.environ.pop(VARIABLE, "").partition(":")
    try:
        if str(os.fstat(int(descriptor)).st_ino) != inode:
            return None
    except (ValueError, OSError):
        return None
    os.set_inheritable(int(descriptor), False)
    return Post(socket.socket(fileno=int(descriptor)))


async def serve_as_worker(server: HttpServable, how: HttpRun, post: Post) -> None:
    """Serve on the supervisor's sockets until it says so, or is gone."""
    terms = post.terms
    if terms.stateless:
        how.app["stateless_http"] = True
    if server._parts.request_state_security.is_ephemeral:
        shared = server._parts.request_state_security.with_key(terms.secret)
        server._parts.request_state_security = shared
    with contextlib.ExitStack() as opened:
        sockets = [SharedSocket(fileno=descriptor) for descriptor in terms.sockets]
        for each in sockets:
            each.queue = how.uvicorn.get("backlog", QUEUE)
            each.set_inheritable(False)
            opened.callback(each.close)
        if isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop):
            how.uvicorn["backlog"] = 1
        http = HttpServer(how, create_run_app(server, how), lambda: post.send(READY))

        def prepare(service: Service) -> None:
            service.tell = lambda: post.send(STOP)
            post.watch(service.stop)
            opened.callback(post.unwatch)

        await serve_until_stopped(server, http, sockets, prepare)
