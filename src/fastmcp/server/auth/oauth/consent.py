"""The consent page of an authorization server, and the answer to it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from fastmcp.exceptions import OAuthError

from .authorization import error_redirect, redirect
from .browser_binding import BrowserBinding
from .consent_page import ConsentRequest, consent_page
from .error_page import server_of
from .form import form_of, query_of
from .grants import AuthorizationParams
from .pages import page
from .redirects import construct_redirect_uri, is_loopback
from .shelves import ShelfLike, hashed
from .users import User, user_of

if TYPE_CHECKING:
    from .stored import StoredOAuthProvider

CONSENT = "/consent"
WAITS = 15 * 60.0


class PendingConsent(Struct, frozen=True):
    """What a client asked for, until its user answers."""

    client_id: str
    params: AuthorizationParams
    scopes: list[str]


class ConsentHandler:
    """Asks the user who is signed in whether a client may act for them, each time anew."""

    def __init__(self, provider: StoredOAuthProvider, pending: ShelfLike[PendingConsent]) -> None:
        self._provider = provider
        self._pending = pending
        self._url = f"{provider.base_url}{CONSENT}"
        secure = urlsplit(self._url).scheme == "https"
        self._binding = BrowserBinding("fastmcp_consent", secure=secure)

    async def ask(self, asked: PendingConsent) -> str:
        """Where the user is asked."""
        key = secrets.token_urlsafe(32)
        await self._pending.put(hashed(key), asked, WAITS)
        return construct_redirect_uri(self._url, request=key)

    async def handle(self, request: Request) -> Response:
        """The page, or what follows from the answer that was posted."""
        try:
            asked = query_of(request) if request.method == "GET" else await form_of(request)
        except OAuthError:
            return _over()
        key = asked.get("request", "")
        pending = await self._pending.get(hashed(key))
        client = None if pending is None else await self._provider.get_client(pending.client_id)
        if pending is None or client is None:
            return _over()
        user = await user_of(self._provider.authenticate, request)
        if isinstance(user, Response):
            user.headers.setdefault("cache-control", "no-store")
            return user
        if user is None:
            return page("Not allowed", "<p>You may not use this server.</p>").response(403)
        if request.method == "GET":
            return self._page(request, key, pending, client, user)
        if not self._binding.answers(
            request, asked.get("csrf_token", ""), key, user.subject
        ) or asked.get("action") not in ("approve", "deny"):
            return _forged()
        if await self._pending.take(hashed(key)) is None:
            return _over()
        return redirect(await self._answered(asked["action"], pending, client, user))

    async def _answered(self, action: str, pending: PendingConsent, client: Any, user: User) -> str:
        params, issuer = pending.params, self._provider.issuer_url
        scopes = granted(pending.scopes, user)
        if action == "approve" and (scopes or not pending.scopes):
            code = await self._provider.issue_code(
                client, params, scopes, user.subject, user.claims
            )
            return construct_redirect_uri(
                params.redirect_uri, code=code, state=params.state, iss=issuer
            )
        refusal = OAuthError("access_denied", "The user did not allow it")
        return error_redirect(params.redirect_uri, refusal, params.state, issuer)

    def _page(
        self, request: Request, key: str, pending: PendingConsent, client: Any, user: User
    ) -> Response:
        secret, token = self._binding.bind(request, key, user.subject)
        name, icon = server_of(request)
        redirects = list(getattr(client, "redirect_uris", None) or ())
        client_id: str = client.client_id
        is_url = self._provider.cimd.is_cimd_client_id(client_id)
        shown = consent_page(
            ConsentRequest(
                client_name=client.client_name,
                client_id=client_id,
                client_uri=client.client_uri,
                client_domain=urlsplit(client_id).hostname if is_url else None,
                only_loopback=all(is_loopback(each) for each in redirects),
                redirect_uri=pending.params.redirect_uri,
                scopes=granted(pending.scopes, user),
                resource=pending.params.resource,
                subject=user.subject,
                server_name=name,
                server_icon=icon,
                action=self._url,
                fields={"request": key},
                csrf_token=token,
            )
        )
        response = shown.response()
        self._binding.remember(response, secret)
        return response


def granted(scopes: list[str], user: User) -> list[str]:
    """Those of the scopes that the user may give."""
    if user.scopes is None:
        return scopes
    return [each for each in scopes if each in user.scopes]


def _over() -> Response:
    text = "<p>It was answered before, or too late. Begin again from your application.</p>"
    return page("This question is no longer open", text).response(400)


def _forged() -> Response:
    text = (
        "<p>Your answer did not come from the page that you were shown, or you are signed in as "
        "somebody else by now. Begin again from your application.</p>"
    )
    return page("This answer does not count", text).response(403)
