"""OAuthProxy: clients register here, and users sign in elsewhere, where one client is known."""

from __future__ import annotations

import secrets
import time
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from fastmcp._oauth.locations import origin_of
from fastmcp._oauth.pkce import challenge_of, new_verifier
from fastmcp.exceptions import ConfigurationError, TokenError
from fastmcp.settings import settings

from ..jwt_issuer import JWTIssuer
from ..oauth.grants import CODE, JWT_BEARER, REFRESH
from ..oauth.options import ClientRegistrationOptions, RevocationOptions
from ..oauth.provider import OAuthProvider
from ..remote import protect
from ..storage import OAuthStorage, storage_at_home, storage_of
from .browser_cookies import BrowserCookies
from .consent_desk import CONSENT
from .endpoints import Endpoints
from .lifetimes import Lifetimes
from .models import TRANSACTION_SECONDS, OAuthTransaction, UpstreamTokenSet
from .options_given import consent_given, endpoint_given, is_https, warn_of
from .proxied import Consent
from .proxy_clients import ProxyClients
from .proxy_keys import ProxyKeys, hidden
from .upstream import TIMEOUT, AsyncOAuth2Client
from .workings import Workings, with_pages

if TYPE_CHECKING:
    from starlette.routing import Route

    from fastmcp._oauth.documents import OAuthToken

    from ..access_token import AccessToken
    from ..cimd import CIMDClientManager
    from ..oauth.grants import (
        AuthorizationCode,
        AuthorizationParams,
        IdentityAssertionParams,
        RefreshToken,
    )
    from ..provider import TokenVerifier


class OAuthProxy(OAuthProvider):
    """An authorization server for any number of clients, in front of an identity provider that
    knows one, this server, by `upstream_client_id`. Its redirect URI there is `base_url` with
    `redirect_path`, `/auth/callback` by default.

    Clients get tokens of this server, which stand for the identity provider's: those stay here,
    are refreshed here, and `token_verifier` says by them who the user is.

    - `allowed_client_redirect_uris`: patterns (`http://localhost:*`, `https://*.example.com/*`)
      that redirect URIs of clients have to match; None for all that they register.
    - `require_authorization_consent`: users are asked for each client before they are sent on:
      True always, `"remember"` not again in the same browser, False never, which is for
      development, `"external"` never, because something else does.
    - `client_storage`: a store of py-key-value-aio, or a backplane; by default that of
      `configure_oauth_storage`, or else an encrypted file below `settings.home`.
    - `jwt_signing_key`: signs the tokens, and encrypts what is kept; by default it is made of
      `upstream_client_secret`.
    - `fallback_..._expiry_seconds`: how long tokens last of which the identity provider does not
      say it; `fastmcp_access_token_expiry_seconds`: how long ours do, whatever it says;
      `token_expiry_threshold_seconds`: how long before their end its tokens are refreshed.
    - `forward_pkce`, `forward_resource`, `extra_authorize_params`, `extra_token_params`,
      `token_endpoint_auth_method`: what the identity provider is sent.

    Raises:
        ConfigurationError: an option that cannot be, or neither a secret nor a signing key.
    """

    def __init__(
        self,
        *,
        upstream_authorization_endpoint: str,
        upstream_token_endpoint: str,
        upstream_client_id: str,
        upstream_client_secret: Any = None,
        upstream_revocation_endpoint: str | None = None,
        token_verifier: TokenVerifier,
        base_url: Any,
        resource_base_url: Any = None,
        redirect_path: str | None = None,
        issuer_url: Any = None,
        service_documentation_url: Any = None,
        allowed_client_redirect_uris: list[str] | None = None,
        valid_scopes: list[str] | None = None,
        forward_pkce: bool = True,
        forward_resource: bool = True,
        token_endpoint_auth_method: str | None = None,
        extra_authorize_params: dict[str, str] | None = None,
        extra_token_params: dict[str, str] | None = None,
        client_storage: Any = None,
        jwt_signing_key: str | bytes | None = None,
        require_authorization_consent: Consent = True,
        consent_csp_policy: str | None = None,
        fallback_access_token_expiry_seconds: int | None = None,
        fallback_refresh_token_expiry_seconds: int | None = None,
        fastmcp_access_token_expiry_seconds: int | None = None,
        token_expiry_threshold_seconds: int = 0,
        enable_cimd: bool = True,
        identity_assertion: Any = None,
    ) -> None:
        if not upstream_client_id:
            raise ConfigurationError(
                "The id of the client at the identity provider is empty; is the variable set that "
                "holds it?"
            )
        scopes = [*(valid_scopes or token_verifier.required_scopes or ())]
        super().__init__(
            base_url=base_url,
            resource_base_url=resource_base_url,
            issuer_url=issuer_url,
            service_documentation_url=service_documentation_url,
            client_registration_options=ClientRegistrationOptions(
                enabled=True, valid_scopes=scopes, default_scopes=scopes
            ),
            revocation_options=RevocationOptions(enabled=True),
            required_scopes=token_verifier.required_scopes,
        )
        self._token_validator = token_verifier
        self._given_endpoints = Endpoints(
            endpoint_given(upstream_authorization_endpoint, "upstream_authorization_endpoint"),
            endpoint_given(upstream_token_endpoint, "upstream_token_endpoint"),
            upstream_revocation_endpoint and str(upstream_revocation_endpoint),
        )
        self._upstream_client_id = upstream_client_id
        self._upstream_client_secret = hidden(upstream_client_secret)
        self._keys = ProxyKeys(jwt_signing_key, self._upstream_client_secret)
        self._token_endpoint_auth_method = token_endpoint_auth_method
        self._redirect_path = "/" + (redirect_path or "/auth/callback").lstrip("/")
        self._allowed_client_redirect_uris = allowed_client_redirect_uris
        self._forward_pkce = forward_pkce
        self._forward_resource = forward_resource
        self._extra_authorize_params = dict(extra_authorize_params or {})
        self._extra_token_params = dict(extra_token_params or {})
        self._client_storage = client_storage
        self._servers_storage: OAuthStorage | None = None
        self._require_authorization_consent: Consent = consent_given(require_authorization_consent)
        self._consent_csp_policy = consent_csp_policy
        self.lifetimes: Final = Lifetimes(
            fallback_access_token_expiry_seconds,
            fallback_refresh_token_expiry_seconds,
            fastmcp_access_token_expiry_seconds,
            token_expiry_threshold_seconds,
        )
        self._jwt_issuer: JWTIssuer | None = None
        self._enable_cimd = enable_cimd
        self._identity_assertion = identity_assertion
        warn_of(self._require_authorization_consent, allowed_client_redirect_uris)

    # The identity provider

    @property
    def _endpoints(self) -> Endpoints:
        return self._given_endpoints

    @property
    def _upstream_authorization_endpoint(self) -> str:
        return self._endpoints.authorization

    @property
    def _upstream_token_endpoint(self) -> str:
        return self._endpoints.token

    @property
    def _upstream_revocation_endpoint(self) -> str | None:
        return self._endpoints.revocation

    @property
    def _upstream_issuer(self) -> str | None:
        return self._endpoints.issuer

    @property
    def _upstream_origin(self) -> str:
        return origin_of(self._upstream_authorization_endpoint)

    async def _prepare(self) -> None:
        """See to it that `_endpoints` are known; called before they are needed."""

    def _create_upstream_oauth_client(self) -> Any:
        """What asks the token endpoint: an object of the shape of `AsyncOAuth2Client`, for one
        request.
        """
        secret = self._upstream_client_secret
        return AsyncOAuth2Client(
            self._upstream_client_id,
            None if secret is None else secret.get_secret_value(),
            self._token_endpoint_auth_method,
            TIMEOUT,
        )

    def _build_upstream_authorize_url(self, txn_id: str, transaction: dict[str, Any]) -> str:
        """Where a user signs in for a transaction, whose id is the `state`."""
        asked: dict[str, str] = {
            "response_type": "code",
            "client_id": self._upstream_client_id,
            "redirect_uri": f"{self.base_url}{self._redirect_path}",
            "state": txn_id,
        }
        if scopes := transaction.get("scopes") or self.required_scopes:
            asked["scope"] = " ".join(scopes)
        if verifier := transaction.get("proxy_code_verifier"):
            asked["code_challenge"] = challenge_of(verifier)
            asked["code_challenge_method"] = "S256"
        if self._forward_resource and (resource := transaction.get("resource")):
            asked["resource"] = resource
        asked.update(self._extra_authorize_params)
        url = self._upstream_authorization_endpoint
        return f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}"

    def _prepare_scopes_for_token_exchange(self, scopes: list[str]) -> list[str]:
        """The scopes to send with a code; none by default, for they are settled by then."""
        return []

    def _prepare_scopes_for_upstream_refresh(self, scopes: list[str]) -> list[str]:
        """The scopes to send with a refresh token, of those that the session has."""
        return scopes

    def _translate_scopes_from_idp(self, scopes: list[str]) -> list[str]:
        """What clients call the scopes that the identity provider says it granted."""
        return scopes

    async def _extract_upstream_claims(self, idp_tokens: dict[str, Any]) -> dict[str, Any] | None:
        """What of a token response is written in our tokens, as `upstream_claims`."""
        return None

    def _get_verification_token(self, upstream_token_set: UpstreamTokenSet) -> str | None:
        """Which token says who the user is; None for none."""
        return upstream_token_set.access_token

    def _uses_alternate_verification(self) -> bool:
        """Whether that is another than the access token, whose scopes and end then count."""
        return False

    async def _verify_upstream(self, token: str) -> AccessToken | None:
        return await self._token_validator.verify_token(token)

    # Keys and storage

    @property
    def _jwt_signing_key(self) -> bytes:
        return self._keys.signing

    @property
    def jwt_issuer(self) -> JWTIssuer:
        """What signs the tokens, for the endpoint that this protects.

        Raises:
            RuntimeError: it is not known yet which that is.
        """
        if self._jwt_issuer is None:
            raise RuntimeError("The proxy issues tokens once it protects an endpoint: http_app()")
        return self._jwt_issuer

    @property
    def token_endpoint_url(self) -> str:
        """The URL of the token endpoint, which assertions of clients are for."""
        return f"{self.base_url}/token"

    def set_mcp_path(self, mcp_path: str | None) -> None:
        super().set_mcp_path(mcp_path)
        protect(self._token_validator, mcp_path, self)
        audience = str(self._resource_url)
        self._jwt_issuer = JWTIssuer(self.issuer_url, audience, self._jwt_signing_key)

    def use_storage(self, storage: OAuthStorage) -> None:
        """Keep everything in the storage of the server, unless this has one of its own."""
        self._servers_storage = storage

    @cached_property
    def _storage(self) -> OAuthStorage:
        if self._client_storage is not None:
            return storage_of(self._client_storage, self._keys.storage)
        if self._servers_storage is not None:
            return self._servers_storage
        return storage_at_home(settings.oauth_encryption_key or self._keys.storage)

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """The storage is open inside of it."""
        return self._storage.opened()

    @cached_property
    def _workings(self) -> Workings:
        cookies = BrowserCookies(self._keys.cookies, secure=is_https(str(self.base_url)))
        clients = ProxyClients(
            self._storage,
            self._upstream_client_id,
            self._allowed_client_redirect_uris,
            asks=self._require_authorization_consent in (True, "remember"),
            by_url=self.takes_client_urls,
            scopes=self.registration.default_scopes or (),
        )
        return Workings(self, self._storage, cookies, clients, self._identity_assertion)

    # Clients

    @property
    def takes_client_urls(self) -> bool:
        return self._enable_cimd

    @property
    def token_endpoint_auth_methods_supported(self) -> list[str]:
        """No client has a secret; one that is known by its URL may have a key."""
        return ["none", "private_key_jwt"] if self._enable_cimd else ["none"]

    @property
    def grant_types_supported(self) -> list[str]:
        """Also by the word of the identity providers that `identity_assertion` trusts."""
        return [CODE, REFRESH] if self._identity_assertion is None else [CODE, REFRESH, JWT_BEARER]

    @property
    def registrable_grant_types(self) -> list[str]:
        return self.grant_types_supported

    @property
    def _cimd_manager(self) -> CIMDClientManager | None:
        return self._workings.clients.manager

    async def accepts_client_assertion(self, client: Any, assertion: str) -> bool:
        if self._cimd_manager is None:
            return False
        return await self._cimd_manager.accepts_assertion(
            assertion, client, (self.token_endpoint_url, self.issuer_url)
        )

    def update_default_scopes(self, scopes: list[str]) -> None:
        """Have clients be told of these scopes, and be given them where they name none."""
        self.registration.valid_scopes = [*scopes]
        self.registration.default_scopes = [*scopes]
        if "_workings" in self.__dict__:
            self._workings.clients.have(scopes)

    async def get_client(self, client_id: str) -> Any | None:
        return await self._workings.clients.get(client_id)

    async def register_client(self, client_info: Any) -> None:
        """Keep a client, which gets no secret: it could not keep one, and needs none here."""
        also = [] if self._identity_assertion is None else [JWT_BEARER]
        await self._workings.clients.register(client_info, also)

    # Authorization

    async def authorize(self, client: Any, params: AuthorizationParams) -> str:
        await self._prepare()
        transaction = OAuthTransaction(
            txn_id=secrets.token_urlsafe(32),
            client_id=client.client_id,
            client_redirect_uri=params.redirect_uri,
            client_state=params.state,
            code_challenge=params.code_challenge,
            scopes=params.scopes or self.required_scopes or self.registration.default_scopes or [],
            created_at=time.time(),
            resource=params.resource,
            proxy_code_verifier=new_verifier() if self._forward_pkce else None,
        )
        txn_id, workings = transaction.txn_id, self._workings
        await workings.clients.used(client.client_id)
        await workings.transactions.put(txn_id, transaction, TRANSACTION_SECONDS)
        if workings.desk.required:
            return workings.desk.url(txn_id)
        return self._build_upstream_authorize_url(txn_id, transaction.model_dump())

    # Tokens

    async def load_authorization_code(
        self, client: Any, authorization_code: str
    ) -> AuthorizationCode | None:
        return await self._workings.tokens.load_code(client, authorization_code)

    async def exchange_authorization_code(
        self, client: Any, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        return await self._workings.tokens.for_code(client, authorization_code)

    async def load_refresh_token(self, client: Any, refresh_token: str) -> RefreshToken | None:
        await self._prepare()
        return await self._workings.tokens.load_refresh_token(client, refresh_token)

    async def exchange_refresh_token(
        self, client: Any, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        await self._prepare()
        return await self._workings.tokens.for_refresh_token(client, refresh_token, scopes)

    async def exchange_identity_assertion(
        self, client: Any, params: IdentityAssertionParams
    ) -> OAuthToken:
        asserted = self._workings.asserted
        if asserted is None:
            raise TokenError("unsupported_grant_type", "This server does not have this grant")
        return await asserted.issue(client, params)

    async def load_access_token(self, token: str) -> AccessToken | None:
        """What `token_verifier` says of the upstream token that a token of ours stands for."""
        await self._prepare()
        return await self._workings.tokens.load_access_token(token)

    async def token_to_revoke(self, client: Any, token: str) -> Any:
        await self._prepare()
        return self._workings.tokens.owned(client, token)

    async def revoke_token(self, token: Any) -> None:
        """End the session of a token, here and at the identity provider."""
        await self._prepare()
        await self._workings.tokens.revoke(token.token)

    # Routes

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        from starlette.routing import Route

        from ..oauth.endpoint import endpoint

        consent = endpoint(with_pages(self._handle_consent), self.rates.authorize)
        callback = endpoint(with_pages(self._handle_idp_callback), self.rates.authorize)
        return [
            *super().get_routes(mcp_path),
            Route(self._redirect_path, callback, methods=["GET"], include_in_schema=False),
            Route(CONSENT, consent, methods=["GET", "POST"], include_in_schema=False),
        ]

    async def _handle_consent(self, request: Any) -> Any:
        await self._prepare()
        return await self._workings.desk.handle(request)

    async def _handle_idp_callback(self, request: Any) -> Any:
        await self._prepare()
        return await self._workings.callback.handle(request)
