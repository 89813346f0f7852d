"""Serving an inspector on this machine, and showing it."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from socket import socket

import uvicorn

from fastmcp.client.auth.browser import has_browser
from fastmcp.server.http.serving.listening import listen_on, url_of

from .access import Tokens
from .app import make_app
from .inspector import Inspector, Watch
from .target import Target

HOST = "127.0.0.1"
PORT = 6274


def serve(
    target: Target | None,
    *,
    watched: Sequence[Path] = (),
    watch: Watch | None = None,
    port: int | None = None,
    opens: bool = True,
    view: str = "",
) -> None:
    """Serve an inspector of `target` until the end, at a `port` (6274 by default, or any free one
    where that is taken), and open it in the browser; `view` is the part of it that is shown first.

    Raises:
        OSError: the port that is asked for cannot be had.
    """
    try:
        sockets = listen_on(HOST, PORT if port is None else port)
    except OSError:
        if port is not None:
            raise
        sockets = listen_on(HOST, 0)
    base = url_of("http", HOST, sockets)

    def link(token: str) -> str:
        return f"{base}/#token={token}" + (f"&view={view}" if view else "")

    def renew(token: str) -> None:
        print(f"That link was used already; a new one: {link(token)}", file=sys.stderr, flush=True)

    def ready() -> None:
        print(f"Inspector: {link(tokens.token)}", flush=True)
        print("The link is good for one browser. Ctrl+C ends this.", file=sys.stderr, flush=True)
        if opens:
            _show(link(tokens.token))

    tokens = Tokens(renew)
    inspector = Inspector(target, watched, watch)
    app = make_app(inspector, tokens)
    config = uvicorn.Config(app, log_level="warning", lifespan="on", ws="none")
    asyncio.run(_Server(config, ready, inspector.journal.close).serve(sockets))


class _Server(uvicorn.Server):
    """Says when it can be reached, and ends the streams before it waits for their end."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], end: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._end = end

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._end()
        await super().shutdown(sockets)


def _show(url: str) -> None:
    """Open the default browser, if there is one; some are only back when they are closed."""
    if has_browser():
        import webbrowser

        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
