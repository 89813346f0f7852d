"""The consent of users, before any of them is sent to the identity provider.

The identity provider knows one client, this server, and may sign a user in to it without a word.
So it is here that the user says for which client that shall be; and the browser that said so is
the only one that may come back.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from typing import Any, Final

from msgspec import json
from starlette.requests import Request
from starlette.responses import Response

from fastmcp._oauth.locations import origin_of

from ..oauth.authorization import error_redirect, redirect
from ..oauth.consent_page import ConsentRequest, consent_page
from ..oauth.error_page import server_of
from ..oauth.form import form_of, query_of
from ..storage import Shelf
from .browser_cookies import BrowserCookies
from .failures import Denied, Failure
from .models import TRANSACTION_SECONDS, OAuthTransaction
from .proxied import Proxied

logger: Final = logging.getLogger("fastmcp.server.auth.proxy")

CONSENT = "/consent"
_ASKED = "MCP_CONSENT_STATE_"
_APPROVED = "MCP_CONSENT_BINDING_"
_REMEMBERED = "MCP_APPROVED_CLIENTS"
# So many a browser carries: of pages that were shown, and of approvals that are remembered.
_MOST_PAGES = 10
_MOST_REMEMBERED = 25
_REMEMBERED_SECONDS = 365 * 24 * 60 * 60
# From where a browser may come to be sent on without a question: not from the page of somebody.
_NOT_FROM_ELSEWHERE = ("same-origin", "same-site", "none")


class ConsentDesk:
    """Asks users, and knows whom it has asked."""

    def __init__(
        self, proxy: Proxied, transactions: Shelf[OAuthTransaction], cookies: BrowserCookies
    ) -> None:
        self._proxy = proxy
        self._transactions = transactions
        self._cookies = cookies

    @property
    def required(self) -> bool:
        """Whether users are asked here."""
        return self._proxy._require_authorization_consent in (True, "remember")

    def url(self, txn_id: str) -> str:
        """Where the user of a transaction is asked."""
        return f"{self._proxy.base_url}{CONSENT}?txn_id={txn_id}"

    def approved_here(self, request: Request, txn_id: str) -> bool:
        """Whether it was the user of this browser who approved a transaction, if they have to."""
        if not self.required:
            return True
        said = self._cookies.get(request, _APPROVED + _digest(txn_id))
        return said is not None and hmac.compare_digest(said.encode(), txn_id.encode())

    def forget(self, response: Response, txn_id: str) -> None:
        """The transaction has ended: it is not this browser's any more."""
        if self.required:
            self._cookies.drop(response, _APPROVED + _digest(txn_id))

    async def handle(self, request: Request) -> Response:
        """The page, or the answer to it.

        Raises:
            Failure: there is nothing to be asked.
        """
        if request.method == "POST":
            return await self._decided(request)
        transaction = await self._transaction(query_of(request).get("txn_id"))
        client = await self._proxy.get_client(transaction.client_id)
        if client is None:
            raise Failure("The application is not registered any more.")
        if self._is_remembered(request, client, transaction):
            return self._approve(transaction)
        return self._ask(request, client, transaction)

    async def _transaction(self, txn_id: str | None) -> OAuthTransaction:
        found = (
            None if txn_id is None or not self.required else await self._transactions.get(txn_id)
        )
        if found is None:
            raise Failure("This authorization has expired, or is not known.")
        return found

    # Asking

    def _ask(self, request: Request, client: Any, transaction: OAuthTransaction) -> Response:
        token, name = secrets.token_urlsafe(24), server_of(request)
        page = consent_page(
            ConsentRequest(
                client_name=getattr(client, "client_name", None),
                client_id=transaction.client_id,
                redirect_uri=transaction.client_redirect_uri,
                scopes=transaction.scopes,
                csrf_token=token,
                action=f"{self._proxy.base_url}{CONSENT}",
                fields={"txn_id": transaction.txn_id},
                client_uri=getattr(client, "client_uri", None),
                client_domain=getattr(client, "domain", None),
                only_loopback=getattr(client, "only_loopback", False),
                server_name=name[0],
                server_icon=name[1],
                resource=transaction.resource,
                # The identity provider may send the user on, to wherever they sign in.
                form_action=("https:", self._proxy._upstream_origin),
                csp_policy=self._proxy._consent_csp_policy,
            )
        )
        response = page.response()
        # A page is shown more than once when it is loaded again: each has its own token, and any
        # of them will do.
        self._drop_oldest_pages(request, response)
        self._cookies.set(
            response,
            _ASKED + _digest(token),
            f"{int(time.time())} {transaction.txn_id}",
            TRANSACTION_SECONDS,
        )
        return response

    def _drop_oldest_pages(self, request: Request, response: Response) -> None:
        shown = self._cookies.all(request, _ASKED)
        oldest_first = sorted(shown, key=lambda rest: int(shown[rest].partition(" ")[0]))
        for rest in oldest_first[: max(0, len(shown) - _MOST_PAGES + 1)]:
            self._cookies.drop(response, _ASKED + rest)

    # Answers

    async def _decided(self, request: Request) -> Response:
        form = await form_of(request)
        transaction = await self._transaction(form.get("txn_id"))
        self._check_origin(request)
        asked = _ASKED + _digest(form.get("csrf_token", ""))
        said = self._cookies.get(request, asked) or ""
        if not hmac.compare_digest(said.partition(" ")[2], transaction.txn_id):
            logger.warning("An answer to a consent page came from where it was not shown")
            raise Denied("This page was not shown to this browser, or too long ago.")
        if form.get("action") == "approve":
            response = self._approve(transaction)
            self._remember(request, response, transaction)
        elif form.get("action") == "deny":
            response = await self._deny(transaction)
        else:
            raise Failure("The answer is neither yes nor no.")
        for rest, shown in self._cookies.all(request, _ASKED).items():
            if shown.partition(" ")[2] == transaction.txn_id:
                self._cookies.drop(response, _ASKED + rest)
        return response

    def _check_origin(self, request: Request) -> None:
        """A form of another site is no answer, whatever it knows (OWASP, CSRF)."""
        origin = request.headers.get("origin", "null")
        site = request.headers.get("sec-fetch-site", "same-origin")
        ours = origin_of(str(self._proxy.base_url))
        if origin.lower() not in ("null", ours.lower()) or site == "cross-site":
            logger.warning("An answer to a consent page came from another site")
            raise Denied("This answer came from another site.")

    def _approve(self, transaction: OAuthTransaction) -> Response:
        """Send the user on, in a browser that is known again when it comes back."""
        txn_id = transaction.txn_id
        response = redirect(
            self._proxy._build_upstream_authorize_url(txn_id, transaction.model_dump())
        )
        self._cookies.set(response, _APPROVED + _digest(txn_id), txn_id, TRANSACTION_SECONDS)
        return response

    async def _deny(self, transaction: OAuthTransaction) -> Response:
        client = await self._proxy.get_client(transaction.client_id)
        if client is None or await self._transactions.take(transaction.txn_id) is None:
            raise Failure("This authorization has expired, or is not known.")
        uri = self._proxy.redirect_uri_of(client, transaction.client_redirect_uri)
        denied = Denied("The user said no").as_error("access_denied")
        return redirect(
            error_redirect(uri, denied, transaction.client_state, self._proxy.issuer_url)
        )

    # Remembering

    def _remembers(self, client: Any) -> bool:
        """Whether a client can be known again: not one whose id any program could say."""
        if self._proxy._require_authorization_consent != "remember":
            return False
        if getattr(client, "allow_unregistered_redirect_uris", False):
            return False
        return getattr(client, "domain", None) is None or not client.only_loopback

    def _is_remembered(self, request: Request, client: Any, transaction: OAuthTransaction) -> bool:
        if not self._remembers(client):
            return False
        if request.headers.get("sec-fetch-site") not in _NOT_FROM_ELSEWHERE:
            return False
        approved = (self._cookies.get(request, _REMEMBERED) or "").split()
        return _approval_of(transaction) in approved

    def _remember(
        self, request: Request, response: Response, transaction: OAuthTransaction
    ) -> None:
        if self._proxy._require_authorization_consent != "remember":
            return
        new = _approval_of(transaction)
        before = (self._cookies.get(request, _REMEMBERED) or "").split()
        kept = [*(each for each in before if each != new), new][-_MOST_REMEMBERED:]
        self._cookies.set(response, _REMEMBERED, " ".join(kept), _REMEMBERED_SECONDS)


def _approval_of(transaction: OAuthTransaction) -> str:
    """What was approved: a client, where it is answered, and what it may do."""
    told = [
        transaction.client_id,
        transaction.client_redirect_uri,
        sorted(transaction.scopes),
        transaction.resource,
    ]
    return hashlib.sha256(json.encode(told)).hexdigest()[:32]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
