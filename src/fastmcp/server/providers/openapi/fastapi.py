"""A FastAPI application in this process as an API: its document, and a client of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Final

from fastmcp.exceptions import ConfigurationError

from .answers import LARGEST
from .api_client import ApiClient

if TYPE_CHECKING:
    import httpx2

logger: Final = logging.getLogger("fastmcp.server")

BASE_URL = "http://fastapi"


def document_of(app: Any) -> dict[str, Any]:
    """The document that an application has of itself.

    Raises:
        ConfigurationError: it has none.
    """
    if not callable(getattr(app, "openapi", None)):
        raise ConfigurationError(
            "from_fastapi() needs a FastAPI application, which has openapi(), not "
            f"{type(app).__name__}; for a document there is from_openapi()"
        )
    return app.openapi()


def client_of(app: Any, options: Mapping[str, Any] | None = None) -> ApiClient:
    """A client of an application that runs in this process; `options` are those of httpx2's client.

    There is no limit of time unless `timeout` says so, which then is for the whole answer.
    """

    def make() -> httpx2.AsyncClient:
        import httpx2

        given: dict[str, Any] = {"base_url": BASE_URL, "timeout": None, **(options or {})}
        given.setdefault("transport", _transport(app))
        return httpx2.AsyncClient(**given)

    return ApiClient(make=make)


def _transport(app: Any) -> httpx2.AsyncBaseTransport:
    import httpx2

    class InProcess(httpx2.ASGITransport):
        """Honours the time limit of a request, which the library's own does not."""

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            seconds = request.extensions.get("timeout", {}).get("read")
            deadline = asyncio.timeout(seconds)
            try:
                async with deadline:
                    return await super().handle_async_request(request)
            except TimeoutError:
                if not deadline.expired():
                    raise
                raise httpx2.ReadTimeout("The application took too long", request=request) from None

    return InProcess(app=_Bounded(app))


class _TooLarge(Exception):
    """The application sends without end."""


class _Bounded:
    """An application whose responses end, and whose exceptions are logged as a server does it."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        size, complete = 0, False

        async def counted(message: MutableMapping[str, Any]) -> None:
            nonlocal size, complete
            size += len(message.get("body", b""))
            complete = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)
            if size > LARGEST and not complete:
                raise _TooLarge

        try:
            await self._app(scope, receive, counted)
        except Exception:
            if size > LARGEST:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            elif complete:
                logger.exception("The application failed after it had answered")
            else:
                raise
