"""StoredOAuthProvider: an authorization server for the users that an application has."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from fastmcp.exceptions import ConfigurationError, TokenError
from fastmcp.settings import settings

from ..storage.keys import key_beside, key_given, new_key
from ..storage.oauth_storage import OAuthStorage
from ..storage.opening import private_directory, storage_at_home, storage_of
from .assertions import SeenAssertions
from .consent import CONSENT, ConsentHandler, PendingConsent
from .endpoint import endpoint
from .grants import JWT_BEARER, AuthorizationParams, IdentityAssertionParams
from .issuer import Lifetimes
from .issuing_provider import IssuingProvider
from .options import ClientRegistrationOptions, RevocationOptions
from .shelves import shelves_of
from .users import Authenticate

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from fastmcp._oauth.documents import OAuthToken

    from ..identity_assertion import IdentityAssertion, IdentityAssertionValidator

logger: Final = logging.getLogger("fastmcp.server.auth")


class StoredOAuthProvider(IssuingProvider):
    """Issues tokens to clients that a user has allowed to act for them, on a page of its own.

    `authenticate` is given the request of that page, and says who the user is by what the
    application has of them, as a cookie of its session: the user's id, or a mapping with it as
    `sub`, whose members become the claims of the tokens (`scopes` are those that the user may
    give); a response, which leads to where one signs in and from there back to the request's URL;
    or None for somebody who may not come in. It is a function, plain or async.

    Clients, codes and tokens are in `storage`, encrypted by `encryption_key`: a URL (`sqlite:///…`,
    `redis://…`), a store of py-key-value-aio, or by default a file below `settings.home`. Workers
    with the same storage and key are one server. Clients register themselves, or are known by the
    URL of their metadata (`enable_cimd`).

    Raises:
        ConfigurationError: what cannot be used so.
    """

    def __init__(
        self,
        *,
        base_url: Any,
        authenticate: Authenticate,
        storage: Any = None,
        encryption_key: Any = None,
        valid_scopes: Iterable[str] | None = None,
        enable_cimd: bool = True,
        identity_assertion: IdentityAssertion | None = None,
        lifetimes: Lifetimes | None = None,
        client_registration_options: Any = None,
        revocation_options: Any = None,
        **options: Any,
    ) -> None:
        if not callable(authenticate):
            raise ConfigurationError(
                "authenticate= is a function of a request, which returns the user's id"
            )
        valid = None if valid_scopes is None else list(valid_scopes)
        if valid is not None and client_registration_options is not None:
            raise ConfigurationError(
                "valid_scopes= goes into client_registration_options=, where both are given"
            )
        super().__init__(
            lambda: shelves_of(self._storage),
            base_url=base_url,
            client_registration_options=client_registration_options
            or ClientRegistrationOptions(enabled=True, valid_scopes=valid),
            revocation_options=revocation_options or RevocationOptions(enabled=True),
            lifetimes=lifetimes,
            enable_cimd=enable_cimd,
            **options,
        )
        self.authenticate = authenticate
        self.identity_assertion = identity_assertion
        self._given_storage = _given_storage(storage, encryption_key)
        self._encryption_key = encryption_key
        self._servers_storage: OAuthStorage | None = None

    def use_storage(self, storage: OAuthStorage) -> None:
        """Keep everything in the storage of the server, unless this has one of its own."""
        self._servers_storage = storage

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """The storage is open inside of it."""
        return self._storage.opened()

    @cached_property
    def _storage(self) -> OAuthStorage:
        return self._given_storage or self._servers_storage or _at_home(self._encryption_key)

    @cached_property
    def _seen(self) -> SeenAssertions:
        return SeenAssertions(self._storage.shelf("assertion", bool))

    @cached_property
    def _identities(self) -> IdentityAssertionValidator:
        from ..identity_assertion import IdentityAssertionValidator

        assert self.identity_assertion is not None
        return IdentityAssertionValidator(self.identity_assertion, self.issuer_url, seen=self._seen)

    @property
    def grant_types_supported(self) -> list[str]:
        own = super().grant_types_supported
        return own if self.identity_assertion is None else [*own, JWT_BEARER]

    async def exchange_identity_assertion(
        self, client: Any, params: IdentityAssertionParams
    ) -> OAuthToken:
        """An access token for the user of an ID-JAG, which the client has another of by then."""
        from ..identity_assertion import IdentityAssertionError

        if self.identity_assertion is None:
            raise TokenError("unsupported_grant_type", "This server does not have this grant")
        try:
            claims = await self._identities.validate(
                params.assertion, client_id=client.client_id, resource_url=self._resource_url
            )
        except IdentityAssertionError as error:
            logger.warning("An identity assertion is refused: %s", error)
            raise TokenError("invalid_grant", "The assertion is not valid here") from None
        # A subject is one of whoever named it so, and none of this application's own users.
        told = self._claims_of(client, {}, str(claims["sub"])) | {"iss": claims["iss"]}
        return await self._issuer.issue_access_token(
            client,
            self._identities.granted_scopes(claims, params.scopes),
            self._resource_url,
            told,
            lasts=self.identity_assertion.access_token_expiry_seconds,
        )

    async def authorize(self, client: Any, params: AuthorizationParams) -> str:
        """To the page where the user is asked."""
        scopes = self.default_scopes(client) if params.scopes is None else params.scopes
        return await self._consent.ask(PendingConsent(client.client_id, params, scopes))

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        """Those of every authorization server, and the consent page."""
        from starlette.routing import Route

        page = Route(
            CONSENT,
            endpoint(self._show_consent, self.rates.authorize),
            methods=["GET", "POST"],
            include_in_schema=False,
        )
        return [*super().get_routes(mcp_path), page]

    @cached_property
    def _consent(self) -> ConsentHandler:
        return ConsentHandler(self, self._storage.shelf("consent", PendingConsent))

    async def _show_consent(self, request: Request) -> Response:
        return await self._consent.handle(request)


def _given_storage(storage: Any, key: Any) -> OAuthStorage | None:
    if storage is None or isinstance(storage, OAuthStorage):
        return storage
    known = key_given(key) or settings.oauth_encryption_key
    if known is None:
        raise ConfigurationError(
            "storage= needs encryption_key=, or FASTMCP_OAUTH_ENCRYPTION_KEY: all workers the same"
        )
    return storage_of(storage, known, "storage")


def _at_home(key: Any) -> OAuthStorage:
    known = key_given(key) or settings.oauth_encryption_key
    if known is None:
        try:
            known = key_beside(private_directory(settings.home / "oauth") / "key")
        except OSError:
            known = new_key()  # nothing can be written there, which the storage tells
    return storage_at_home(known)
