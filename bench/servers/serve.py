"""Serve an ASGI app with uvicorn on a free port, which it prints once it listens."""

from __future__ import annotations

import argparse
import socket
from collections.abc import Callable
from typing import Any


def add_options(parser: argparse.ArgumentParser) -> None:
    """The server settings every contender shares."""
    parser.add_argument("--loop", default="asyncio", choices=["asyncio", "uvloop"])
    parser.add_argument("--http", default="h11", choices=["h11", "httptools"])


def serve(app: Callable[..., Any], options: argparse.Namespace) -> None:
    import uvicorn

    config = uvicorn.Config(
        app,
        loop=options.loop,
        http=options.http,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=3600,  # clients pause as long as they like
    )
    # asyncio sets TCP_NODELAY only on sockets that name their protocol; without it every answer
    # written in two parts waits 40 ms for the other side's delayed acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(config).run(sockets=[listener])
