"""ForwardingAuthProvider: the metadata of an authorization server, for clients that look here."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec import json
from starlette.responses import Response
from starlette.routing import Route

from fastmcp._oauth.locations import AUTHORIZATION_SERVER
from fastmcp.exceptions import AuthorityUnavailable

from ..middleware import RETRY_AFTER
from ..remote import RemoteAuthProvider
from ..single_flight import SingleFlight
from ..well_known import readable
from .authority import Authority

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

logger: Final = logging.getLogger("fastmcp.server.auth")

REMEMBERED = 300.0
TIMEOUT = 10.0


class RemoteDocument:
    """A document of an identity provider, at the first of `urls` that has it: read when it is
    asked for, at most once in five minutes.
    """

    def __init__(
        self, name: str, urls: Sequence[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.urls: list[str] = list(urls)
        self._authority = Authority(name, TIMEOUT)
        self._clock = clock
        self._known: tuple[float, dict[str, Any]] | None = None
        self._asked = SingleFlight[dict[str, Any]]()

    async def read(self) -> dict[str, Any]:
        """The document.

        Raises:
            AuthorityUnavailable: it cannot be read now.
        """
        if self._known is not None and self._clock() < self._known[0]:
            return self._known[1]
        return await self._asked.join(None, self._read)

    async def _read(self) -> dict[str, Any]:
        for url in self.urls[:-1]:
            try:
                return await self._at(url)
            except AuthorityUnavailable as error:
                logger.debug("%s at %s: %s", self._authority.name, url, error)
        return await self._at(self.urls[-1])

    async def _at(self, url: str) -> dict[str, Any]:
        answer = await self._authority.ask(url, refusals=())
        assert answer is not None
        self._known = (self._clock() + REMEMBERED, answer.document)
        return answer.document


class ForwardingAuthProvider(RemoteAuthProvider):
    """A provider whose authorization server's metadata are also at this server: clients of the
    first revision with authorization look for them nowhere else.
    """

    def __init__(
        self, token_verifier: Any, *, name: str, metadata_urls: Sequence[str], **options: Any
    ) -> None:
        super().__init__(token_verifier, **options)
        self._metadata = RemoteDocument(name, metadata_urls)

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        """The metadata of the protected resource, and of the authorization server."""
        endpoint = readable(self._forward, ["GET"])
        return [
            *super().get_routes(mcp_path),
            Route(
                AUTHORIZATION_SERVER, endpoint, methods=["GET", "OPTIONS"], include_in_schema=False
            ),
        ]

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            document = await self._metadata.read()
        except AuthorityUnavailable as error:
            logger.error("The metadata of the authorization server cannot be read: %s", error)
            response = _unreadable()
        else:
            response = Response(json.encode(document), media_type="application/json")
        await response(scope, receive, send)


def _unreadable() -> Response:
    body = {
        "error": "temporarily_unavailable",
        "error_description": "The metadata of the authorization server cannot be read; try again",
    }
    return Response(json.encode(body), 503, {"retry-after": RETRY_AFTER}, "application/json")
