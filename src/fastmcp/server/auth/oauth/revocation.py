"""The revocation endpoint (RFC 7009)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from fastmcp.exceptions import TokenError

from .client_authentication import ClientAuthenticator
from .form import form_of
from .replies import NO_STORE

if TYPE_CHECKING:
    from .provider import OAuthProvider


class RevocationHandler:
    """Ends tokens for the clients that they were issued to."""

    def __init__(self, provider: OAuthProvider, client_authenticator: ClientAuthenticator) -> None:
        self.provider = provider
        self.client_authenticator = client_authenticator

    async def handle(self, request: Request) -> Response:
        """200, whether there was such a token of the client or not.

        Raises:
            TokenError: the client is not authenticated, or names no token.
        """
        form = await form_of(request)
        client = await self.client_authenticator.authenticate(request, form)
        if "token" not in form:
            raise TokenError("invalid_request", "token is missing")
        # The hint says which one is likely; each is looked for in any case.
        found = await self.provider.token_to_revoke(client, form["token"])
        if found is not None:
            await self.provider.revoke_token(found)
        return Response(status_code=200, headers=NO_STORE)
