"""Whose tasks a command is about, and where they are."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import DecodeError, Struct, json

from fastmcp.exceptions import ConfigurationError
from fastmcp.settings import settings

from ..run import load_server

if TYPE_CHECKING:
    from fastmcp.server.server import FastMCP
    from fastmcp.server.tasks.service import TaskService

CONFIGURATION = "fastmcp.json"
FILE = "server.py"


class _Source(Struct):
    path: str
    entrypoint: str | None = None


class _Configuration(Struct):
    source: _Source


def server_of(options: argparse.Namespace) -> FastMCP:
    """The server that is meant, with its tasks where the options say.

    Raises:
        ConfigurationError: there is none.
    """
    with contextlib.redirect_stdout(sys.stderr):  # what it prints is none of our output
        server = load_server(_spec(options.server))
    if options.docket_url is not None:
        server.tasks.url = options.docket_url
    return server


def _spec(given: str | None) -> str:
    if given is None:
        if Path(CONFIGURATION).is_file():
            return _source(Path(CONFIGURATION))
        if Path(FILE).is_file():
            return FILE
        raise ConfigurationError(
            f"There is no {CONFIGURATION} and no {FILE} in {Path.cwd()}: name the server, as "
            "FILE[:OBJECT]"
        )
    path = Path(given)
    return _source(path) if path.suffix == ".json" and path.is_file() else given


def _source(path: Path) -> str:
    """The server that a configuration names in its `source`."""
    try:
        source = json.decode(path.read_bytes(), type=_Configuration).source
    except DecodeError as error:
        raise ConfigurationError(
            f'{path} names no server, as in {{"source": {{"path": "{FILE}"}}}}: {error}'
        ) from None
    spec = str(path.parent / source.path)
    return spec if source.entrypoint is None else f"{spec}:{source.entrypoint}"


@contextlib.asynccontextmanager
async def opened(
    options: argparse.Namespace, hear: Callable[[str | None], None] = lambda id: None
) -> AsyncGenerator[TaskService]:
    """The tasks that are meant: their store is open, none is run here, and `hear` is told which
    have changed.

    Raises:
        StoreUnavailable: the place where they are cannot be reached.
    """
    from fastmcp.server.tasks.standalone import lasting_service

    service = await lasting_service(_asked(options))
    await service.store.open(hear, settles_key=False)
    try:
        yield service
    finally:
        await service.store.close()


def _asked(options: argparse.Namespace) -> FastMCP:
    if options.queue is None:
        return server_of(options)
    if options.server is not None:
        raise ConfigurationError(
            "--queue says whose tasks are meant, and SERVER as well: one will do"
        )
    from fastmcp.server.server import FastMCP

    settings.docket_name = options.queue
    return FastMCP(tasks=True, docket=options.docket_url)
