"""A worker in a process of its own: a server that runs tasks, and serves nobody."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from fastmcp.exceptions import ConfigurationError

from ..banner import print_banner
from ..logged import logged
from ..service import serving

if TYPE_CHECKING:
    from ..server import FastMCP
    from .service import TaskService


async def work_alone(server: FastMCP, metrics: tuple[str, int] | None = None) -> None:
    """Run the tasks of a server until the process is told to end, by SIGINT or SIGTERM. What is
    being run then is given back, for others. `metrics` is where Prometheus may ask for them.

    Raises:
        ConfigurationError: no task could be run here.
        StoreUnavailable: the place where the tasks are kept cannot be reached.
    """
    service = await lasting_service(server)
    backend = service.backend
    if not backend.concurrency:
        raise ConfigurationError(
            "A worker with a concurrency of 0 runs no task: give it --concurrency, or a "
            "FASTMCP_DOCKET_CONCURRENCY of its own"
        )
    task = asyncio.current_task()
    assert task is not None
    with serving(server, task.cancel) as told, logged(None):
        try:
            async with _exposed(server, metrics), server.lifespan.use():
                server._parts.observing.measure()
                place = f"tasks of {backend.name} from {backend.url}"
                print_banner(
                    server, f"{place}, {backend.concurrency} at once, as {backend.worker_name}"
                )
                await service.worked()
        except asyncio.CancelledError:
            if not told.ending or task.uncancel() > 0:
                raise


def _exposed(
    server: FastMCP, at: tuple[str, int] | None
) -> contextlib.AbstractAsyncContextManager[None]:
    if at is None:
        return contextlib.nullcontext()
    from ..metrics.endpoint import exposed_at

    return exposed_at(server._parts, *at)


async def lasting_service(server: FastMCP) -> TaskService:
    """The tasks of a server, which other processes have a part in.

    Raises:
        ConfigurationError: it has none, or keeps them in the memory of a process.
    """
    if not server._parts.tasks.offered:
        raise ConfigurationError(
            f"{server.name!r} has no tasks: FastMCP(tasks=True), or task=True with a tool, "
            "resource or prompt"
        )
    service = server._parts.tasks.service()
    if not service.backend.lasting:
        raise ConfigurationError(
            f"The tasks of {service.backend.name} are in the memory of their server's process "
            f"({service.backend.url}), which runs them itself, and where no other process can "
            "reach them. Give the server and its workers a place that they share: "
            "FASTMCP_DOCKET_URL=redis://localhost:6379/0, on one host also sqlite:///tasks.db; or "
            "FastMCP(docket=...)"
        )
    return service
