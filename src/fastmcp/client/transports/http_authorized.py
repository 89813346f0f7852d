"""Requests with a token that is got when it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .http_sender import Sender

if TYPE_CHECKING:
    from fastmcp.client.auth.provider import OAuthClientProvider

ATTEMPTS = 3
"""How often a request is sent again with another token."""


class AuthorizedSender:
    """Sends by another sender, with what `auth` gives for each request; a request that is refused
    is sent again with another token, if there is one.
    """

    def __init__(self, sender: Sender, auth: OAuthClientProvider) -> None:
        self._sender = sender
        self._auth = auth

    async def open(self) -> None:
        await self._sender.open()
        self._auth.entered()

    async def close(self) -> None:
        self._auth.left()
        await self._sender.close()

    async def send(
        self, method: str, url: str, headers: Mapping[str, str | bytes], content: bytes | None
    ) -> Any:
        auth = self._auth
        used = auth.credentials(method, url)
        if used is None:
            used = await auth.ready(method, url)
        response = await self._sender.send(method, url, {**headers, **used}, content)
        attempt = 0
        while response.status_code in (401, 403) and attempt < ATTEMPTS:
            again = await auth.renewed(
                used, response.status_code, response.headers, attempt, method, url
            )
            if again is None:
                return response
            await response.aclose()
            used, attempt = again, attempt + 1
            response = await self._sender.send(method, url, {**headers, **used}, content)
        return response
