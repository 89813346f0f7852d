"""OAuthClientProvider: what all ways to get a token have in common."""

from __future__ import annotations

import copy
import logging
import ssl
import time
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from functools import partial
from typing import Any, Final, Self

from msgspec.structs import replace

from fastmcp._oauth.challenges import token_challenge
from fastmcp._oauth.documents import (
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthMetadata,
    OAuthToken,
)
from fastmcp._runtime.key_value import KeyValueStore
from fastmcp.exceptions import ConfigurationError, OAuthFlowError, OAuthTokenError

from .context import OAuthContext
from .discovery import (
    Found,
    discover,
    endpoint,
    issuer_metadata,
    metadata_of_2025_03_26,
)
from .dpop import DPoP
from .exchange import plain, shown
from .flight import Flight
from .http_auth import HttpAuth
from .places import canonical, is_same_issuer, origin
from .scopes import as_text, challenged, selected, union, within
from .sending import Sending
from .token_requests import ask_for_token
from .token_storage import MemoryTokenStorage, StoredToken, TokenStorageAdapter

logger: Final = logging.getLogger("fastmcp.client.auth")

ATTEMPTS = 3
"""How often a request is sent again with another token."""
STEPS = 16
"""How often more scopes are asked for, which each time have to be others."""
# How long before its end a token counts as expired, in seconds: it may take that to arrive.
MARGIN = 10.0
_UNKNOWN_CLIENT = ("invalid_client", "unauthorized_client")
_PASSING = ("temporarily_unavailable", "server_error")


class OAuthClientProvider(HttpAuth):
    """Gets tokens for the MCP server at `mcp_url`, and puts them on requests to its origin; to
    others nothing is sent. Subclasses say in `_obtain` how a token is got.

    A transport asks `credentials` before each request, which costs next to nothing while there is a
    token, and `renewed` when one was refused. HTTP clients of httpx2 and httpx take it as `auth=`.
    """

    sign_in_time: float = 0.0
    """How long a person may need to sign in, in seconds, while a request waits."""

    unattended: bool = False
    """Whether tokens are got without anybody having to be asked; they are not refreshed then."""

    context: OAuthContext
    token_storage_adapter: TokenStorageAdapter

    def __init__(
        self,
        mcp_url: str | None,
        *,
        scopes: str | list[str] | None,
        client_metadata: OAuthClientMetadata,
        token_storage: KeyValueStore | None = None,
        issuer: str | None = None,
        httpx_client_factory: Callable[..., Any] | None = None,
        identity: str | None = None,
        dpop: bool = False,
    ) -> None:
        self.httpx_client_factory = httpx_client_factory
        self._scopes = as_text(scopes)
        self._client_metadata = client_metadata
        self._token_storage = token_storage
        self._issuer = issuer
        self._identity = identity
        self._has_key = dpop
        self._bound = self._is_given = False
        if issuer is not None and not issuer.startswith(("https://", "http://")):
            raise ConfigurationError(f"issuer={issuer!r}: give the URL of the authorization server")
        if mcp_url is not None:
            self._bind(str(mcp_url))
            self._is_given = True

    def __repr__(self) -> str:
        of = f" for {shown(self.context.server_url)}" if self._bound else ""
        return f"<{type(self).__name__}{of}>"

    # Which server it is for

    def _bind(self, mcp_url: str) -> None:
        """Be for this server from now on, unless it is for one already."""
        if self._bound:
            return
        if not mcp_url.startswith(("http://", "https://")):
            raise ConfigurationError(f"mcp_url={mcp_url!r}: give the URL of an MCP server")
        self.mcp_url: str = mcp_url.rstrip("/")
        storage = self._token_storage
        if storage is None:
            storage = self._token_storage = MemoryTokenStorage()
        self.token_storage_adapter = TokenStorageAdapter(
            storage, canonical(self.mcp_url), self._identity
        )
        self.context = OAuthContext(self.mcp_url, self._client_metadata)
        self._sending = Sending(self.mcp_url, factory=self.httpx_client_factory)
        self._flight = Flight()
        self._users = 0
        self._loaded = False
        self._renew_at: float | None = None
        self._headers: Mapping[str, str] | None = None
        self._dpop: DPoP | None = None
        self._is_refreshed = False
        self._asked: str | None = None
        self._steps = 0
        self._bound = True

    def bound_to(
        self,
        url: str,
        *,
        factory: Callable[..., Any] | None = None,
        trust: Callable[[], ssl.SSLContext] | None = None,
    ) -> Self:
        """Itself, for the server at a URL; another one like it, if it is for another server.
        `factory` and `trust` are those of the transport, for requests to authorization servers.

        Raises:
            ConfigurationError: it was made for a server at another origin.
        """
        if self._bound and canonical(url) != canonical(self.mcp_url):
            if not self._is_given:
                other = copy.copy(self)
                other._bound = False
                return other.bound_to(url, factory=factory, trust=trust)
            if origin(url) != origin(self.mcp_url):
                raise ConfigurationError(
                    f"{type(self).__name__}(mcp_url={shown(self.mcp_url)!r}) is for that server, "
                    f"and its tokens are not sent to {shown(url)}; leave out mcp_url="
                )
        self._bind(url)
        if self.httpx_client_factory is None and (factory is not None or trust is not None):
            context = trust() if trust is not None else None
            self._sending = Sending(self.mcp_url, factory=factory, trust=context)
        return self

    def entered(self) -> None:
        """A connection uses it from now on."""
        self._users += 1

    def left(self) -> None:
        """A connection uses it no longer; without any, nobody needs to sign in."""
        self._users -= 1
        if self._users <= 0:
            self._flight.stop()

    # What goes with requests

    def credentials(self, method: str, url: str) -> Mapping[str, str] | None:
        """The headers that go with a request; None if something has to be done first."""
        end = self._renew_at
        if end is not None and time.time() >= end:
            return None
        return self._headers if self._dpop is None else self._proven(method, url)

    def _proven(self, method: str, url: str) -> Mapping[str, str] | None:
        """The same, with the proof for this one request if the token is bound to a key."""
        token = self.context.current_tokens
        headers, key = self._headers, self._dpop
        if headers is None or token is None or key is None or token.token_type.lower() != "dpop":
            return headers
        return {**headers, "dpop": key.proof(method, url, token.access_token)}

    async def ready(self, method: str, url: str) -> Mapping[str, str]:
        """The same, after the token was read or refreshed; empty if there is none.

        Raises:
            OAuthFlowError: the authorization server cannot be asked now.
        """
        found = self.credentials(method, url)
        if found is not None:
            return found
        if self._flight.under_way or not self._loaded or self.context.stored is not None:
            await self._flight.run(self._prepare, lambda: self._is_prepared(method, url))
        return self.credentials(method, url) or {}

    async def renewed(
        self,
        used: Mapping[str, str],
        status: int,
        headers: Mapping[str, str],
        attempt: int,
        method: str,
        url: str,
    ) -> Mapping[str, str] | None:
        """What to send a request with again that was refused with a status and headers, at which
        `attempt` from 0; None if that would be of no use.

        Raises:
            OAuthFlowError: there is no other token.
        """
        challenge = token_challenge(headers.get("www-authenticate", ""))
        parameters = {} if challenge is None else challenge.parameters
        error = parameters.get("error")
        if status == 401 and error == "use_dpop_nonce" and self._dpop is not None:
            is_other = self._dpop.take_nonce(url, headers)
            return self._proven(method, url) if is_other else None
        if status == 401 and (attempt == 0 or self._is_refreshed):
            work = partial(self._authorize, parameters, again=attempt > 0)
        elif status == 403 and error == "insufficient_scope":
            scope = challenged(parameters)
            if scope is None or within(scope, self._asked) or self._steps >= STEPS:
                return None
            work = partial(self._step_up, scope, parameters)
        else:
            return None
        token = used.get("authorization")
        await self._flight.run(work, lambda: self._has_other(token))
        return self._proven(method, url)

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        """A request with a token, and once more with another when it is refused."""
        if not self._bound:
            raise RuntimeError(
                f"{type(self).__name__} has no server URL: give it mcp_url=..., or give it to "
                "Client(auth=...), which knows the URL"
            )
        method, url = request.method, str(request.url)
        if origin(url) != origin(self.mcp_url):
            yield request
            return
        used = await self.ready(method, url)
        for attempt in range(ATTEMPTS + 1):
            request.headers.update(used)
            response = yield request
            if response.status_code not in (401, 403) or attempt == ATTEMPTS:
                return
            again = await self.renewed(
                used, response.status_code, response.headers, attempt, method, url
            )
            if again is None:
                return
            used = again

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """There is none: getting a token waits."""
        raise RuntimeError(f"{type(self).__name__} is for AsyncClient: getting a token waits")

    # Getting tokens; what follows runs once at a time

    async def _prepare(self) -> None:
        """Read the token that is kept, and refresh it when its time is over."""
        await self._load()
        stored = self.context.stored
        if stored is None or self._headers is None or self.credentials("", "") is not None:
            return
        if stored.token.refresh_token is None and not self.unattended:
            self._headers = None
            return
        metadata = self.context.oauth_metadata
        if metadata is None or metadata.issuer != stored.issuer:
            metadata = await self._sending.run(
                issuer_metadata(stored.issuer, self.mcp_url)
                if stored.names_resource
                else metadata_of_2025_03_26(self.mcp_url)
            )
            self.context.oauth_metadata = metadata
        if self.unattended:
            found = Found(stored.resource, metadata, names_resource=stored.names_resource)
            await self._get(found, stored.asked)
        elif not await self._refresh(metadata, stored):
            self._headers = None

    async def _load(self) -> None:
        if self._loaded:
            return
        stored = await self.token_storage_adapter.load()
        mine = self._issuer
        if stored is not None and (mine is None or is_same_issuer(stored.issuer, mine)):
            if stored.dpop_key is not None:
                self._dpop = DPoP(stored.dpop_key)
            self._use(stored)
        self._loaded = True

    async def _authorize(self, parameters: dict[str, str], *, again: bool) -> None:
        """Get a token where the server that refused says; `again` if the last one was refused."""
        await self._load()
        found = await self._discover(parameters)
        stored = self.context.stored
        if stored is not None and stored.issuer != found.issuer:
            self._forget()
            stored = None
        if stored is not None and not again and await self._refresh(found.metadata, stored):
            return
        scope = selected(self._scopes, challenged(parameters), found.resource_metadata)
        before = None if stored is None else union(stored.asked, stored.token.scope)
        await self._get(found, union(before, scope))

    async def _step_up(self, scope: str, parameters: dict[str, str]) -> None:
        """Get a token for what the present one is for, and more."""
        await self._load()
        found = await self._discover(parameters)
        stored = self.context.stored
        if stored is not None and stored.issuer != found.issuer:
            stored = None
        self._steps += 1
        before = None if stored is None else union(stored.asked, stored.token.scope)
        await self._get(found, union(self._scopes, before, scope))

    async def _discover(self, parameters: dict[str, str]) -> Found:
        found = await self._sending.run(discover(self.mcp_url, parameters, self._issuer))
        context = self.context
        if context.auth_server_url not in (None, found.issuer):
            context.client_info = None  # who the client is to one is nothing to another
        context.oauth_metadata = found.metadata
        context.protected_resource_metadata = found.resource_metadata
        return found

    async def _get(self, found: Found, scope: str | None) -> None:
        if self._has_key and self._dpop is None:
            self._dpop = DPoP()
        token, asked = await self._obtain(found, scope)
        self._asked = union(self._asked, asked)
        self._is_refreshed = False
        await self._keep(token, found, asked)

    async def _keep(self, token: OAuthToken, found: Found, asked: str | None) -> None:
        end = None if token.expires_in is None else time.time() + token.expires_in
        stored = StoredToken(
            token,
            found.issuer,
            found.resource,
            end,
            asked,
            found.names_resource,
            None if self._dpop is None else self._dpop.key,
        )
        self._use(stored)
        await self.token_storage_adapter.keep(stored)

    async def _refresh(self, metadata: OAuthMetadata, stored: StoredToken) -> bool:
        """Get another token by what came with the present one; whether there is one.

        Raises:
            OAuthTokenError: it may come later.
        """
        secret = stored.token.refresh_token
        client = await self._known_client(stored.issuer) if secret is not None else None
        if secret is None or client is None:
            return False
        try:
            token = await self._sending.run(
                ask_for_token(
                    endpoint(metadata, "token", self.mcp_url),
                    client,
                    {
                        "grant_type": "refresh_token",
                        "refresh_token": secret,
                        "resource": stored.resource if stored.names_resource else None,
                    },
                    dpop=self._dpop,
                )
            )
        except OAuthTokenError as error:
            if error.error in _UNKNOWN_CLIENT:
                await self._drop_client(stored.issuer)
            elif error.error in _PASSING:
                raise
            logger.info("The token for %s was not refreshed: %s", shown(self.mcp_url), error)
            await self._spend(stored)
            return False
        token.refresh_token = token.refresh_token or secret
        token.scope = token.scope or stored.token.scope
        found = Found(stored.resource, metadata, names_resource=stored.names_resource)
        await self._keep(token, found, stored.asked)
        self._is_refreshed = True
        return True

    async def _spend(self, stored: StoredToken) -> None:
        """What refreshes the token is of no use any more; the token itself may still be."""
        token = replace(stored.token, refresh_token=None)
        self.context.stored = spent = replace(stored, token=token)
        await self.token_storage_adapter.keep(spent)

    def _use(self, stored: StoredToken) -> None:
        self.context.stored = stored
        scheme = "DPoP" if stored.token.token_type.lower() == "dpop" else "Bearer"
        self._headers = {"authorization": f"{scheme} {stored.token.access_token}"}
        self._renew_at = None
        if stored.expires_at is not None:
            lasts = stored.token.expires_in or 0
            self._renew_at = stored.expires_at - min(MARGIN, lasts / 10)

    def _forget(self) -> None:
        self.context.stored = self._headers = None
        self._asked = None

    def _has_other(self, token: str | None) -> bool:
        """Whether there is another token now than the one that was refused."""
        now = None if self._headers is None else self._headers.get("authorization")
        return now is not None and now != token

    def _is_prepared(self, method: str, url: str) -> bool:
        known = self._loaded and self.context.stored is None
        return known or self.credentials(method, url) is not None

    @abstractmethod
    async def _obtain(self, found: Found, scope: str | None) -> tuple[OAuthToken, str | None]:
        """A token for these scopes, or about them, and those that were asked for in the end.

        Raises:
            OAuthFlowError: there is none.
        """

    async def _known_client(self, issuer: str) -> OAuthClientInformationFull | None:
        """Who the client is to an authorization server, if it is known there."""
        return None

    async def _drop_client(self, issuer: str) -> None:
        """The authorization server does not know it any more."""

    def _only_for(self, issuer: str, mine: str | None) -> None:
        """See that credentials go to nobody but whom they are of.

        Raises:
            OAuthFlowError: they would.
        """
        if mine is not None and mine != issuer:
            raise OAuthFlowError(
                f"The server at {shown(self.mcp_url)} now wants tokens of {plain(issuer)}, but the "
                f"credentials of this client were used with {plain(mine)}, and are sent to nobody "
                "else. If that is meant, give issuer= and clear the token storage"
            )
