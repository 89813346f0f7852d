"""A server's REST view behind a socket, and a plain HTTP client of it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx2
from apps import SECONDS, served

from fastmcp import FastMCP


@contextmanager
def rest(mcp: FastMCP, **options: Any) -> Generator[httpx2.Client]:
    """Serve it with the options of `http_app`; a client whose base URL is the server's."""
    with at(mcp.http_app(rest=True, **options)) as client:
        yield client


@contextmanager
def at(app: Any, path: str = "") -> Generator[httpx2.Client]:
    """Serve an application; a client whose base URL is `path` of it."""
    with served(app) as base, httpx2.Client(base_url=base + path, timeout=SECONDS) as client:
        yield client


def message(response: httpx2.Response) -> str:
    """What an answer says went wrong."""
    assert response.headers["content-type"] == "application/json"
    return response.json()["error"]["message"]
