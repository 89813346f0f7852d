"""`GET /metrics`: what a server recorded, and the program's own metrics, for Prometheus."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from fastmcp._protocol.headers import read_headers
from fastmcp.exceptions import ConfigurationError

from .record import decode_record
from .recorder import Measured, Recorder
from .shared_records import VARIABLE, SharedRecords

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Metric
    from prometheus_client.exposition import choose_encoder
    from prometheus_client.multiprocess import (
        MultiProcessCollector,
        mark_process_dead,  # pyright: ignore[reportUnknownVariableType]
    )
except ModuleNotFoundError as _error:
    raise ConfigurationError(
        "metrics=True needs prometheus_client: pip install 'peregrine-mcp[prometheus]'"
    ) from _error

from .exposition import families

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

logger: Final = logging.getLogger("fastmcp.metrics")

PERIOD: Final = 1.0
"""Seconds after which other workers may know what one recorded."""
PATH: Final = "/metrics"


class Exposed:
    """The metrics of a server over HTTP: of this process, or of all workers that share them.

    Raises:
        ConfigurationError: the directory that is to be shared is not there.
    """

    def __init__(self, server: Measured) -> None:
        self._server = server
        self._recorder = Recorder.around(server)
        self._directory = os.environ.get(VARIABLE) if sys.platform != "win32" else None
        self._shared = self._share(self._directory) if self._directory else None
        self.streams: Final = self._recorder.streams
        self.route: Final = Route(
            PATH, _Scraped(self._encoded), name="metrics", include_in_schema=False
        )

    def _share(self, directory: str) -> SharedRecords:
        if not Path(directory).is_dir():
            raise ConfigurationError(f"{VARIABLE}={directory!r} is no directory")

        def ended(process: int) -> None:
            mark_process_dead(process, directory)

        recorder = self._recorder
        if recorder.shared is None:
            recorder.shared = SharedRecords(
                Path(directory), self._server.name, recorder.encoded, ended
            )
        return recorder.shared

    @contextlib.asynccontextmanager
    async def published(self) -> AsyncGenerator[None]:
        """Inside of this, other workers learn what this one recorded."""
        if self._shared is None:
            yield
            return
        ending = asyncio.Event()
        publishing = asyncio.get_running_loop().create_task(_publish_often(self._shared, ending))
        try:
            yield
        finally:
            ending.set()
            await publishing

    def _encoded(self, accept: str) -> tuple[bytes, str]:
        encode, kind = choose_encoder(accept)
        return encode(self), kind

    def collect(self) -> Iterator[Metric]:
        """What Prometheus is told; in any thread."""
        if self._shared is None:
            record = decode_record(self._recorder.encoded())
            others = REGISTRY
        else:
            self._shared.publish()
            record = self._shared.total()
            others = CollectorRegistry()
            MultiProcessCollector(others, self._directory)
        yield from families(record, self._server.name, self._server.version)
        yield from others.collect()


async def _publish_often(shared: SharedRecords, ending: asyncio.Event) -> None:
    failed = False
    while True:
        last = ending.is_set()
        try:
            await asyncio.to_thread(shared.publish)
            failed = False
        except OSError:
            if not failed:
                logger.warning("Other workers do not learn what this one counts", exc_info=True)
            failed = True
        if last:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ending.wait(), PERIOD)


class _Scraped:
    """The ASGI application of the route.

    Collecting is done in a thread that is none of the workers: those may all be busy, which is
    what somebody wants to see then.
    """

    def __init__(self, encoded: Callable[[str], tuple[bytes, str]]) -> None:
        self._encoded = encoded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"cache-control", b"no-store")]
        if scope["method"] in ("GET", "HEAD"):
            accept = read_headers(scope["headers"]).get(b"accept") or ""
            body, kind = await asyncio.to_thread(self._encoded, accept)
            status = 200
            headers.append((b"content-type", kind.encode("latin-1")))
        else:
            status, body = 405, b""
            headers.append((b"allow", b"GET, HEAD"))
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        sent = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": sent})
