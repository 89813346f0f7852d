"""The endpoint that the identity provider sends users back to."""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from fastmcp.exceptions import AuthorityUnavailable, AuthorizeError, OAuthError

from ..oauth.authorization import error_redirect, redirect
from ..oauth.form import query_of
from ..oauth.redirects import construct_redirect_uri
from ..storage import Shelf
from .consent_desk import ConsentDesk
from .failures import Denied, Failure
from .identity_provider import IdentityProvider
from .models import DEFAULT_AUTH_CODE_EXPIRY_SECONDS, ClientCode, OAuthTransaction
from .proxied import Proxied
from .upstream import UpstreamRefusal

logger: Final = logging.getLogger("fastmcp.server.auth.proxy")

# What the identity provider says, and what the client hears of it: its codes only.
_TOLD = {
    "access_denied": "access_denied",
    "login_required": "access_denied",
    "interaction_required": "access_denied",
    "consent_required": "access_denied",
    "invalid_scope": "invalid_scope",
    "temporarily_unavailable": "temporarily_unavailable",
}
_TEXTS = {
    "access_denied": "The identity provider did not sign the user in",
    "invalid_scope": "The identity provider does not give these scopes",
    "temporarily_unavailable": "The identity provider cannot be asked now",
    "server_error": "The identity provider failed",
}


def code_hash(code: str) -> str:
    """The name that a code is kept under."""
    return hashlib.sha256(code.encode()).hexdigest()


class Callback:
    """Changes the identity provider's code for its tokens, and gives the client another code."""

    def __init__(
        self,
        proxy: Proxied,
        upstream: IdentityProvider,
        desk: ConsentDesk,
        transactions: Shelf[OAuthTransaction],
        codes: Shelf[ClientCode],
    ) -> None:
        self._proxy = proxy
        self._upstream = upstream
        self._desk = desk
        self._transactions = transactions
        self._codes = codes

    async def handle(self, request: Request) -> Response:
        """A redirect to the client.

        Raises:
            Failure: there is no client to go back to, or not from this browser.
        """
        said = query_of(request)
        transaction = await self._begun_here(request, said)
        client = await self._proxy.get_client(transaction.client_id)
        if client is None:
            raise Failure("The application is not registered any more.")
        try:
            uri = self._proxy.redirect_uri_of(client, transaction.client_redirect_uri)
        except AuthorizeError:
            raise Failure("The application may not be answered there any more.") from None
        location = await self._outcome(said, uri, transaction)
        response = redirect(location)
        self._desk.forget(response, transaction.txn_id)
        return response

    async def _begun_here(self, request: Request, said: dict[str, str]) -> OAuthTransaction:
        """The transaction, which ends with this: nobody comes back a second time."""
        txn_id = said.get("state")
        found = None if txn_id is None else await self._transactions.get(txn_id)
        if txn_id is None or found is None:
            raise Failure("This authorization has expired, or has ended before.")
        if not self._desk.approved_here(request, txn_id):
            logger.warning("A user came back in another browser than the one that consented")
            raise Denied("You did not begin this authorization in this browser.")
        issuer = self._proxy._upstream_issuer
        if issuer is not None and said.get("iss", issuer) != issuer:
            logger.warning("A user came back from another identity provider")
            raise Denied("This answer is not the identity provider's.")
        if "code" not in said and "error" not in said:
            raise Failure("The identity provider's answer is not complete.")
        if await self._transactions.take(txn_id) is None:
            raise Failure("This authorization has ended before.")
        return found

    async def _outcome(self, said: dict[str, str], uri: str, transaction: OAuthTransaction) -> str:
        """Where the user goes: back to the client with a code, or an error."""
        try:
            if "error" in said:
                raise UpstreamRefusal(said["error"])
            tokens = await self._upstream.tokens_for_code(said["code"], transaction)
            self._check_lifetime(tokens)
        except (UpstreamRefusal, AuthorityUnavailable) as error:
            logger.warning(
                "A user was not signed in at the identity provider: %r", str(error)[:200]
            )
            code = "temporarily_unavailable"
            if isinstance(error, UpstreamRefusal):
                code = _TOLD.get(error.error, "server_error")
            told = OAuthError(code, _TEXTS[code])
            return error_redirect(uri, told, transaction.client_state, self._proxy.issuer_url)
        code = secrets.token_urlsafe(32)
        await self._keep(code, tokens, transaction)
        return construct_redirect_uri(
            uri, code=code, state=transaction.client_state, iss=self._proxy.issuer_url
        )

    def _check_lifetime(self, tokens: dict[str, Any]) -> None:
        refreshable = bool(tokens.get("refresh_token"))
        if self._proxy.lifetimes.of_access(tokens, refreshable=refreshable) <= 0:
            raise AuthorityUnavailable("The identity provider sent a token that has ended already")

    async def _keep(self, code: str, tokens: dict[str, Any], transaction: OAuthTransaction) -> None:
        seconds = DEFAULT_AUTH_CODE_EXPIRY_SECONDS
        kept = ClientCode(
            client_id=transaction.client_id,
            redirect_uri=transaction.client_redirect_uri,
            code_challenge=transaction.code_challenge,
            scopes=transaction.scopes,
            idp_tokens=tokens,
            expires_at=time.time() + seconds,
            resource=transaction.resource,
        )
        await self._codes.put(code_hash(code), kept, seconds)
