"""A proxy as a program: to the server that its arguments tell of, as many deep as they say.

It serves standard input and output, or HTTP on the port PORT.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from fastmcp import FastMCP
from fastmcp.client.transports import StdioTransport
from fastmcp.server import create_proxy


def target_of(server: list[str]) -> Any:
    """What is behind: `["http", URL]`, or `["stdio", PROGRAM, ARGUMENT, ...]`."""
    kind, *rest = server
    return rest[0] if kind == "http" else StdioTransport(rest[0], rest[1:])


def proxy_of(target: Any, mode: str | None, depth: int) -> FastMCP:
    """A proxy to a server, or to another proxy to it."""
    proxy = create_proxy(target, mode=mode, name=f"proxy {depth}")
    return proxy if depth == 1 else proxy_of(proxy, None, depth - 1)


if __name__ == "__main__":
    task = json.loads(sys.argv[1])
    proxy = proxy_of(target_of(task["server"]), task.get("mode"), task.get("depth", 1))
    if "PORT" in os.environ:
        proxy.run("http", port=int(os.environ["PORT"]), show_banner=False)
    else:
        proxy.run()
