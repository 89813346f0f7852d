"""`fastmcp tasks worker`: a process that runs the tasks of a server."""

from __future__ import annotations

import argparse
import asyncio

from fastmcp.exceptions import ConfigurationError
from fastmcp.server.event_loop import loop_factory
from fastmcp.settings import Settings, settings

from ..environments import enter_environment
from ..loading import target_of
from .place import server_of


def act(options: argparse.Namespace) -> int:
    """Work until the end."""
    enter_environment(options, target_of(options.server).document, words=2)
    from fastmcp.server.tasks.standalone import work_alone

    metrics = None if options.metrics is None else _address(options.metrics)
    server = server_of(options)
    if options.concurrency is not None:
        concurrency = Settings.docket_concurrency.check(options.concurrency, "--concurrency ")
        settings.docket_concurrency = concurrency
    if options.name is not None:
        settings.docket_worker_name = options.name
    with asyncio.Runner(loop_factory=loop_factory("auto")) as runner:
        runner.run(work_alone(server, metrics))
    return 0


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdecimal():
        raise ConfigurationError(f"--metrics {text}: it must be a port, or HOST:PORT")
    return host.strip("[]") or settings.host, int(port)
