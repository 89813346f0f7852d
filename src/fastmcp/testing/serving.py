"""Servers behind real sockets: in this event loop, and in a process of their own."""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from multiprocessing.process import BaseProcess
from typing import Any

from fastmcp.server.server import FastMCP
from fastmcp.utilities.http import find_available_port

PATIENCE = 30.0
"""Seconds that a server has to start."""

GRACE = 5.0
"""Seconds that a process has to end when it is asked to."""

LOOK = 0.02


@asynccontextmanager
async def run_server_async(
    server: FastMCP,
    port: int | None = None,
    transport: str = "http",
    path: str = "/mcp",
    host: str = "127.0.0.1",
) -> AsyncGenerator[str]:
    """Serve over HTTP in the running event loop; the URL of the endpoint. Whatever the server's
    lifespan raises is raised here.

    Raises:
        OSError: the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    shown = f"[{host}]" if ":" in host else host
    with socket.create_server((host, port or 0), family=family) as listener:
        async with server.lifespan.use():
            # Connections wait in the socket's queue until they are taken.
            serving = asyncio.create_task(
                server.run_http_async(
                    transport=transport,
                    path=path,
                    sockets=[listener],
                    show_banner=False,
                    uvicorn_config={"log_level": "error"},
                )
            )
            try:
                yield f"http://{shown}:{listener.getsockname()[1]}{path}"
            finally:
                serving.cancel()
                with suppress(asyncio.CancelledError):
                    await serving


@contextmanager
def run_server_in_process(
    server_fn: Callable[..., None],
    *args: Any,
    provide_host_and_port: bool = True,
    host: str = "127.0.0.1",
    port: int | None = None,
    **kwargs: Any,
) -> Generator[str]:
    """Call `server_fn(*args, host=..., port=..., **kwargs)`, which serves, in a process that is
    ended with the block; its base URL, once it listens.

    Raises:
        RuntimeError: it ended, or did not listen within half a minute.
    """
    port = find_available_port(host) if port is None else port
    if provide_host_and_port:
        kwargs = {**kwargs, "host": host, "port": port}
    process = multiprocessing.Process(target=server_fn, args=args, kwargs=kwargs, daemon=True)
    process.start()
    try:
        _wait_until_listening(process, host, port)
        yield f"http://{host}:{port}"
    finally:
        _end(process)


def _wait_until_listening(process: BaseProcess, host: str, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(OSError):
            socket.create_connection((host, port), timeout=1).close()
            return
        process.join(LOOK)
        if not process.is_alive():
            raise RuntimeError(
                f"The server at {host}:{port} ended with exit code {process.exitcode} before it "
                "listened"
            )
    raise RuntimeError(f"No server listened at {host}:{port} within {PATIENCE:g} seconds")


def _end(process: BaseProcess) -> None:
    process.terminate()
    process.join(GRACE)
    if process.is_alive():
        process.kill()
        process.join()
    process.close()
