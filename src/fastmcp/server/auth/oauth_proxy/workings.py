"""Workings: the parts of a proxy, put together in one storage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ..identity_assertion import IdentityAssertion
from ..storage import OAuthStorage
from .asserted_tokens import AssertedTokens
from .browser_cookies import BrowserCookies
from .callback import Callback
from .consent_desk import ConsentDesk
from .failures import Failure
from .identity_provider import IdentityProvider
from .models import ClientCode, OAuthTransaction
from .own_tokens import OwnTokens
from .proxied import Proxied
from .proxy_clients import ProxyClients
from .upstream_sessions import UpstreamSessions


class Workings:
    """Made when the first of them is needed."""

    def __init__(
        self,
        proxy: Proxied,
        storage: OAuthStorage,
        cookies: BrowserCookies,
        clients: ProxyClients,
        identity_assertion: IdentityAssertion | None,
    ) -> None:
        self.clients = clients
        self.transactions: Final = storage.shelf("transactions", OAuthTransaction)
        codes = storage.shelf("proxy-codes", ClientCode)
        upstream = IdentityProvider(proxy)
        self.desk: Final = ConsentDesk(proxy, self.transactions, cookies)
        self.callback: Final = Callback(proxy, upstream, self.desk, self.transactions, codes)
        self.asserted: AssertedTokens | None = None
        if identity_assertion is not None:
            self.asserted = AssertedTokens(proxy, identity_assertion, storage)
        sessions = UpstreamSessions(proxy, upstream, storage)
        self.tokens: Final = OwnTokens(proxy, sessions, codes, storage, self.asserted)


def with_pages(
    handle: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """A handler whose failures users see as pages."""

    async def shown(request: Request) -> Response:
        try:
            return await handle(request)
        except Failure as failure:
            return failure.page()

    return shown
