"""A program of tools, served in each way."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from types import ModuleType
from typing import Any

import pytest
from apps import served

from fastmcp.client.transports import SSETransport, StdioTransport
from fastmcp.exceptions import FastMCPDeprecationWarning


class Servers:
    """The tools of a program's `mcp`, by the name of a way; each server is started when it is asked
    for.
    """

    def __init__(self, program: ModuleType, stack: ExitStack) -> None:
        self._program = program
        self._stack = stack
        self._running: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._running:
            self._running[name] = self._start(name)
        return self._running[name]

    def _start(self, name: str) -> Any:
        mcp = self._program.mcp
        if name == "memory":
            return mcp
        if name == "stdio":
            return StdioTransport(sys.executable, [str(self._program.__file__)])
        if name == "sse":
            with pytest.warns(FastMCPDeprecationWarning):
                app = mcp.http_app(transport="sse")
            return SSETransport(self._stack.enter_context(served(app)) + "/sse")
        options = {"json": {"json_response": True}, "stateless": {"stateless_http": True}}
        app = mcp.http_app(**options.get(name, {}))
        return self._stack.enter_context(served(app)) + "/mcp"
