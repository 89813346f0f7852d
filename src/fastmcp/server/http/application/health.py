"""`/health` and `/ready`: whether the process lives, and whether it can serve."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import json
from starlette.routing import Route

from fastmcp._logging.tracebacks import exc_info_of
from fastmcp._runtime.faults import STORE_UNAVAILABLE
from fastmcp.exceptions import StoreUnavailable

from ..servable import HttpServable

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

Check: TypeAlias = Callable[[], Awaitable[Any]]

PATIENCE = 3.0


def health_routes(
    server: HttpServable, check: Check | None = None, *, patience: float = PATIENCE
) -> list[BaseRoute]:
    """The routes of both; `check` raises while something that the server needs does not answer,
    for which it has `patience` seconds.
    """

    async def alive() -> tuple[int, dict[str, Any]]:
        about = {"server": server.name, "version": server.version}
        return 200, {"status": "healthy", **about}

    async def ready() -> tuple[int, dict[str, Any]]:
        reason = await _hindrance(server, check, patience)
        if reason is None:
            return 200, {"status": "ready"}
        return 503, {"status": "unavailable", "reason": reason}

    return [
        Route("/health", _Probe(alive), name="health"),
        Route("/ready", _Probe(ready), name="ready"),
    ]


async def _hindrance(server: HttpServable, check: Check | None, patience: float) -> str | None:
    """Why the server cannot serve now."""
    if not server.lifespan.running:
        return (
            "The server's lifespan is not running; an application that it is mounted in has to "
            "take it over with lifespan=mcp_app.lifespan"
        )
    if check is None:
        return None
    try:
        async with asyncio.timeout(patience):
            await check()
    except StoreUnavailable as error:
        server.logger.warning("Not ready: %s", error)
        return STORE_UNAVAILABLE
    except TimeoutError:
        return f"The session store did not answer within {patience:g} seconds"
    except Exception as error:
        server.logger.warning("The check of readiness failed", exc_info=exc_info_of(error))
        return f"The check of readiness failed: {type(error).__name__}"
    return None


class _Probe:
    """The ASGI application of one probe: it is never kept by what lies between."""

    def __init__(self, look: Callable[[], Awaitable[tuple[int, dict[str, Any]]]]) -> None:
        self._look = look

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"cache-control", b"no-store")]
        if scope["method"] in ("GET", "HEAD"):
            status, found = await self._look()
            body = json.encode(found)
            headers.append((b"content-type", b"application/json"))
        else:
            status, body = 405, b""
            headers.append((b"allow", b"GET, HEAD"))
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        sent = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": sent})
