"""The event loops that a server can run in, by their names."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module

from fastmcp.exceptions import ConfigurationError


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """How to make the event loop of that name; `auto` is uvloop, where it is installed."""
    if name == "asyncio":
        return None
    try:
        return import_module("uvloop").new_event_loop
    except ImportError:
        if name == "auto":
            return None
        raise ConfigurationError(
            "loop='uvloop' needs uvloop; install it with: pip install 'peregrine-mcp[speed]'"
        ) from None
