"""A server of ours whose URL its provider knows, with the tool `who`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
from processes import SECONDS, free_port

from fastmcp import FastMCP
from fastmcp.server.auth import AuthProvider
from fastmcp.server.dependencies import get_access_token


@contextmanager
def our_server(
    make: Callable[[str], AuthProvider], *, port: int | None = None, **options: Any
) -> Generator[str]:
    """Serve it over HTTP, protected by what is made for its base URL; the URL of its endpoint. The
    options are those of `FastMCP`.
    """
    port = port or free_port()
    mcp = FastMCP("ours", auth=make(f"http://127.0.0.1:{port}"), **options)

    @mcp.tool
    def who() -> str:
        token = get_access_token()
        assert token is not None
        return f"{token.subject or token.client_id} by {' '.join(sorted(token.scopes))}"

    with serving(mcp.http_app(), port):
        yield f"http://127.0.0.1:{port}/mcp"


@contextmanager
def serving(app: Any, port: int) -> Generator[None]:
    """Serve an application at a port of 127.0.0.1."""
    config = uvicorn.Config(
        app, port=port, log_level="error", ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + SECONDS
    try:
        while not server.started:
            assert thread.is_alive() and time.monotonic() < deadline, "it does not start"
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join(SECONDS)
        assert not thread.is_alive()
