"""Whose tasks a command is about, and where they are."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING

from fastmcp.exceptions import ConfigurationError
from fastmcp.settings import settings

from ..loading import load_server

if TYPE_CHECKING:
    from fastmcp.server.server import FastMCP
    from fastmcp.server.tasks.service import TaskService


def server_of(options: argparse.Namespace) -> FastMCP:
    """The server that is meant, with its tasks where the options say.

    Raises:
        ConfigurationError: there is none.
    """
    server = load_server(options.server)
    if options.docket_url is not None:
        server._parts.tasks.url = options.docket_url
    return server


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
