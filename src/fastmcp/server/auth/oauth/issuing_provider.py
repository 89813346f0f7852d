"""IssuingProvider: an authorization server that issues tokens of its own, and keeps them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fastmcp._oauth.documents import OAuthClientInformationFull, OAuthToken
from fastmcp.exceptions import TokenError

from .assertions import SeenAssertions
from .grants import (
    CLIENT_CREDENTIALS,
    CODE,
    REFRESH,
    AuthorizationCode,
    AuthorizationParams,
    RefreshToken,
)
from .issuer import Issuer, Lifetimes
from .metadata import TOKEN
from .provider import OAuthProvider
from .scopes import scopes_of_client
from .shelves import Shelves

if TYPE_CHECKING:
    from ..access_token import AccessToken
    from ..cimd import CIMDClientManager

# A client that registered itself and was given no token is forgotten, in seconds.
UNUSED_CLIENT = 24 * 3600.0
USED_CLIENT = 365 * 24 * 3600.0


class IssuingProvider(OAuthProvider):
    """Keeps clients, codes and tokens on `shelves`, which are made when they are first needed; a
    subclass says to whom codes are given.
    """

    def __init__(
        self,
        shelves: Callable[[], Shelves],
        *,
        lifetimes: Lifetimes | None = None,
        hash_secrets: bool = True,
        clock: Callable[[], float] = time.time,
        enable_cimd: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.enable_cimd = enable_cimd
        self.lifetimes: Lifetimes = lifetimes or Lifetimes()
        self._make_shelves = shelves
        self._hash_secrets = hash_secrets
        self._clock = clock

    @cached_property
    def _shelves(self) -> Shelves:
        return self._make_shelves()

    @cached_property
    def _issuer(self) -> Issuer:
        return Issuer(self._shelves, self.lifetimes, self._clock, hash_secrets=self._hash_secrets)

    @cached_property
    def _seen(self) -> SeenAssertions:
        return SeenAssertions()

    @cached_property
    def cimd(self) -> CIMDClientManager:
        """What knows clients by the URLs of their metadata."""
        from ..cimd import CIMDClientManager

        return CIMDClientManager(self.enable_cimd, seen=self._seen)

    @property
    def takes_client_urls(self) -> bool:
        """Whether the id of a client may be the URL of its metadata (CIMD)."""
        return self.enable_cimd

    @property
    def token_endpoint_auth_methods_supported(self) -> list[str]:
        methods = super().token_endpoint_auth_methods_supported
        return [*methods, "private_key_jwt"] if self.enable_cimd else methods

    @property
    def grant_types_supported(self) -> list[str]:
        """Clients that somebody registered for it may also have tokens in their own right."""
        return [CODE, REFRESH, CLIENT_CREDENTIALS]

    async def get_client(self, client_id: str) -> Any | None:
        if self.enable_cimd and self.cimd.is_cimd_client_id(client_id):
            return await self.cimd.get_client(client_id)
        return await self._shelves.clients.get(client_id)

    async def accepts_client_assertion(self, client: Any, assertion: str) -> bool:
        audiences = (f"{self.base_url}{TOKEN}", self.issuer_url)
        return self.enable_cimd and await self.cimd.accepts_assertion(assertion, client, audiences)

    async def register_client(self, client_info: Any) -> None:
        """Keep a client: one that registered itself until it is no longer used, one that does not
        say when it was registered for good.
        """
        client = OAuthClientInformationFull.model_validate(client_info)
        lasts = None if client.client_id_issued_at is None else UNUSED_CLIENT
        await self._shelves.clients.put(client.client_id, client, lasts)

    async def load_authorization_code(
        self, client: Any, authorization_code: str
    ) -> AuthorizationCode | None:
        return await self._issuer.load_code(client.client_id, authorization_code)

    async def exchange_authorization_code(
        self, client: Any, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        tokens = await self._issuer.redeem(client, authorization_code)
        if getattr(client, "client_id_issued_at", None) is not None:
            known = await self._shelves.clients.get(client.client_id)
            if known is not None:
                await self._shelves.clients.swap(client.client_id, known, known, USED_CLIENT)
        return tokens

    async def load_refresh_token(self, client: Any, refresh_token: str) -> RefreshToken | None:
        return await self._issuer.load_refresh_token(client.client_id, refresh_token)

    async def exchange_refresh_token(
        self, client: Any, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        if not set(scopes) <= set(refresh_token.scopes):
            raise TokenError("invalid_scope", "A refresh token gives no more than its own scopes")
        return await self._issuer.rotate(client, refresh_token, scopes)

    async def exchange_client_credentials(
        self, client: Any, scopes: list[str] | None, resource: str | None
    ) -> OAuthToken:
        allowed = scopes_of_client(client) or []
        if scopes is None:
            scopes = allowed
        elif not set(scopes) <= set(allowed):
            raise TokenError("invalid_scope", "The client may not have these scopes")
        return await self._issuer.issue_access_token(
            client, scopes, resource or self._resource_url, self._claims_of(client, {})
        )

    async def load_access_token(self, token: str) -> AccessToken | None:
        return await self._issuer.load_access_token(token)

    async def revoke_token(self, token: Any) -> None:
        await self._issuer.revoke(token)

    async def issue_code(
        self,
        client: Any,
        params: AuthorizationParams,
        scopes: list[str],
        subject: str | None = None,
        claims: dict[str, Any] | None = None,
    ) -> str:
        """A code for a client, for tokens that are for this server."""
        resource = params.resource or self._resource_url
        told = self._claims_of(client, claims or {}, subject)
        return await self._issuer.new_code(
            client.client_id, params, scopes, resource, subject, told
        )

    def _claims_of(
        self, client: Any, claims: dict[str, Any], subject: str | None = None
    ) -> dict[str, Any]:
        """What a token says of itself, whatever else is known of its user."""
        own = {"iss": self.issuer_url, "client_id": client.client_id}
        return {**claims, **own} if subject is None else {**claims, **own, "sub": subject}

    def default_scopes(self, client: Any) -> list[str]:
        """What a client gets that asks for nothing in particular."""
        return scopes_of_client(client) or list(self.required_scopes)
