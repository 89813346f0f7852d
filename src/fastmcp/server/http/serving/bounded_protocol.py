"""The protocol class by which uvicorn reads HTTP, within our bounds."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import Literal

Parser = Literal["auto", "httptools", "h11"]


def bounded_protocol(parser: Parser = "auto") -> type[asyncio.Protocol]:
    """The protocol class to give to uvicorn as `http`; httptools where it is installed."""
    if parser == "httptools" or (parser == "auto" and find_spec("httptools") is not None):
        from .httptools_protocol import BoundedHttpToolsProtocol

        return BoundedHttpToolsProtocol
    from .h11_protocol import BoundedH11Protocol

    return BoundedH11Protocol
