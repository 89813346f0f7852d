"""From what a user writes to a transport."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .transport import ClientTransport


def infer_transport(target: Any) -> ClientTransport:
    """The transport for a transport object, a `FastMCP` server, a URL, or a script path.

    Raises:
        ValueError: `target` is none of them; the text says what it may be.
    """
    if isinstance(target, ClientTransport):
        return target
    if hasattr(target, "dispatcher") and hasattr(target, "connect"):
        from .memory import FastMCPTransport

        return FastMCPTransport(target)
    text = str(target) if isinstance(target, (str, Path)) or hasattr(target, "host") else ""
    if text.startswith(("http://", "https://")):
        from .http import StreamableHttpTransport

        return StreamableHttpTransport(text)
    if text.endswith(".py"):
        from .stdio import PythonStdioTransport

        return PythonStdioTransport(text)
    if text.endswith((".js", ".mjs", ".cjs")):
        from .stdio import NodeStdioTransport

        return NodeStdioTransport(text)
    raise ValueError(
        f"Cannot tell how to reach {target!r}: give a FastMCP server, an http(s) URL, the path of "
        "a .py or .js file, or a transport"
    )
