"""`GET /metrics` of a process that serves nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import Any, cast

from .exposing import Exposed
from .recorder import Measured


@contextlib.asynccontextmanager
async def exposed_at(server: Measured, host: str, port: int) -> AsyncGenerator[None]:
    """Inside of the block, Prometheus is answered there.

    Raises:
        OSError: the address is taken.
    """
    from prometheus_client import start_http_server

    exposed = Exposed(server)
    async with exposed.published():
        listening, thread = start_http_server(port, host, cast("Any", exposed))
        try:
            yield
        finally:
            listening.shutdown()
            listening.server_close()
            thread.join()
