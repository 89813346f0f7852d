"""Microsoft Entra: the app registrations of a tenant, and tokens for other services of a user."""
# ruff: noqa: N802 - a dependency has the name of what it stands for

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Unpack, cast

from msgspec import DecodeError, json

from fastmcp._components.injection.dependencies import Dependency
from fastmcp.exceptions import AuthorizationError, ConfigurationError

from ..identity_providers.entra_tokens import OIDC_SCOPES, EntraVerifier, full_scopes
from ..identity_providers.on_behalf_of import DownstreamTokens, OnBehalfOfCredential
from ..identity_providers.proxy_options import ProxyOptions
from ..multi import MultiAuth
from ..oauth_proxy import OAuthProxy
from ..oauth_proxy.identity_provider import IdentityProvider
from ..oauth_proxy.upstream import UpstreamRefusal
from ..provider import AuthProvider, scopes_of

__all__ = ["OIDC_SCOPES", "AzureJWTVerifier", "AzureProvider", "EntraOBOToken"]

_PUBLIC_CLOUD = "login.microsoftonline.com"
_ON_BEHALF_OF = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Of the claims of a token those that say who the user is.
_IDENTITY = ("sub", "oid", "tid", "azp", "name", "given_name", "family_name")
_ACCOUNT = ("preferred_username", "upn", "email", "roles", "groups")


class AzureProvider(OAuthProxy):
    """Signs users in by an app registration of Entra, whose API (`identifier_uri`, by default
    `api://` and its client id) has the `required_scopes`, which are written without that URI.

    `additional_authorize_scopes` of other services, as `User.Read` of Graph, are asked for besides,
    and neither required nor told to clients. `tenant_id` is one tenant, or `organizations`,
    `consumers` or `common`. The tokens of the registration must be of version 2. Users choose an
    account unless `extra_authorize_params` are given, which take the place of that.

    Raises:
        ConfigurationError: no scope of the API is required.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str | None = None,
        tenant_id: str,
        required_scopes: list[str],
        base_url: Any,
        identifier_uri: str | None = None,
        additional_authorize_scopes: list[str] | None = None,
        base_authority: str = _PUBLIC_CLOUD,
        token_issuer: str | None = None,
        http_client: Any = None,
        **options: Unpack[ProxyOptions],
    ) -> None:
        scopes = scopes_of(required_scopes, "required_scopes")
        of_api = [scope for scope in scopes if scope not in OIDC_SCOPES]
        if not of_api:
            raise ConfigurationError(
                f"required_scopes={required_scopes!r}: name at least one scope of the app's own "
                "API, as 'read'; those of OpenID Connect are in no access token of Entra"
            )
        besides = scopes_of(additional_authorize_scopes, "additional_authorize_scopes")
        # Without it there is no refresh token.
        self.additional_authorize_scopes: list[str] = list(
            dict.fromkeys([*besides, "offline_access"])
        )
        self.identifier_uri: str = identifier_uri or f"api://{client_id}"
        self._tokens_of_users = DownstreamTokens(self._exchange_on_behalf)
        self._obo_supported = True
        self._entra = EntraVerifier(
            client_id=client_id,
            tenant_id=tenant_id,
            identifier_uri=self.identifier_uri,
            base_authority=base_authority,
            required_scopes=of_api,
            token_issuer=token_issuer,
            http_client=http_client,
        )
        if options.get("valid_scopes") is None:
            options["valid_scopes"] = scopes
        if options.get("extra_authorize_params") is None:
            options["extra_authorize_params"] = {"prompt": "select_account"}
        options["forward_resource"] = False  # the scopes say which resource it is
        endpoints = f"https://{base_authority}/{tenant_id}/oauth2/v2.0"
        super().__init__(
            upstream_authorization_endpoint=f"{endpoints}/authorize",
            upstream_token_endpoint=f"{endpoints}/token",
            upstream_client_id=client_id,
            upstream_client_secret=client_secret,
            token_verifier=self._entra,
            base_url=base_url,
            **options,
        )

    @classmethod
    def from_b2c(
        cls,
        *,
        tenant_name: str,
        policy_name: str,
        client_id: str,
        client_secret: str | None = None,
        required_scopes: list[str],
        base_url: Any,
        custom_domain: str | None = None,
        identifier_uri: str | None = None,
        token_issuer: str | None = None,
        **options: Any,
    ) -> AzureProvider:
        """A provider for a policy of Azure AD B2C; `tenant_name` is without `.onmicrosoft.com`.

        Whatever its keys have signed for this app is taken, unless `token_issuer` is given. There
        are no tokens for other services.
        """
        if ".onmicrosoft.com" in tenant_name:
            raise ConfigurationError(
                f"tenant_name={tenant_name!r}: write it without .onmicrosoft.com"
            )
        tenant = f"{tenant_name}.onmicrosoft.com"
        host = str(custom_domain or f"{tenant_name}.b2clogin.com")
        if options.get("extra_authorize_params") is None:
            options["extra_authorize_params"] = {}  # it knows no choice of an account
        provider = cls(
            client_id=client_id,
            client_secret=client_secret,
            tenant_id=f"{tenant}/{policy_name}",
            required_scopes=required_scopes,
            base_url=base_url,
            base_authority=host.removeprefix("https://").removeprefix("http://").rstrip("/"),
            identifier_uri=identifier_uri or f"https://{tenant}/{client_id}",
            token_issuer=token_issuer,
            **options,
        )
        provider._entra.issuer = token_issuer
        provider._obo_supported = False
        return provider

    def _build_upstream_authorize_url(self, txn_id: str, transaction: dict[str, Any]) -> str:
        """With all that has to be agreed to, by its full name."""
        asked = full_scopes(transaction.get("scopes") or self.required_scopes, self.identifier_uri)
        scopes = list(dict.fromkeys([*asked, *self.additional_authorize_scopes]))
        return super()._build_upstream_authorize_url(txn_id, {**transaction, "scopes": scopes})

    def _prepare_scopes_for_token_exchange(self, scopes: list[str]) -> list[str]:
        """Those of one resource, because a token has no others (AADSTS28000)."""
        besides = set(self.additional_authorize_scopes)
        ours = [scope for scope in scopes or self.required_scopes if scope not in besides]
        of_oidc = [scope for scope in self.additional_authorize_scopes if scope in OIDC_SCOPES]
        return list(dict.fromkeys([*full_scopes(ours, self.identifier_uri), *of_oidc]))

    def _prepare_scopes_for_upstream_refresh(self, scopes: list[str]) -> list[str]:
        return self._prepare_scopes_for_token_exchange(scopes)

    def _translate_scopes_from_idp(self, scopes: list[str]) -> list[str]:
        """As clients asked for them."""
        return [scope.removeprefix(f"{self.identifier_uri}/") for scope in scopes]

    async def _extract_upstream_claims(self, idp_tokens: dict[str, Any]) -> dict[str, Any] | None:
        """Who the user is, for gateways that look into our tokens."""
        claims = _claims_of(idp_tokens.get("access_token"))
        return {name: claims[name] for name in (*_IDENTITY, *_ACCOUNT) if name in claims} or None

    async def get_obo_credential(self, user_assertion: str) -> OnBehalfOfCredential:
        """What has tokens for other services, for the user whose token is `user_assertion`.

        Raises:
            NotImplementedError: Azure AD B2C has no such tokens.
        """
        if not self._obo_supported:
            raise NotImplementedError("Azure AD B2C has no tokens on behalf of users")
        return OnBehalfOfCredential(user_assertion, self._tokens_of_users)

    async def close_obo_credentials(self) -> None:
        """Forget the tokens for other services."""
        self._tokens_of_users.clear()

    async def _exchange_on_behalf(self, assertion: str, scopes: str) -> dict[str, Any]:
        """What Entra's token endpoint answers, or the error that says whose turn it is."""
        try:
            async with IdentityProvider(self)._client() as client:
                return await client.fetch_token(
                    self._upstream_token_endpoint,
                    grant_type=_ON_BEHALF_OF,
                    assertion=assertion,
                    scope=scopes,
                    requested_token_use="on_behalf_of",
                )
        except UpstreamRefusal as refusal:
            raise AuthorizationError(
                f"Entra gives no token for {scopes}: {refusal.error}. The app registration needs "
                "the permission, and the user's or an administrator's consent to it"
            ) from None


def _claims_of(token: Any) -> dict[str, Any]:
    """What a token of Entra's own token endpoint says; nothing if it cannot be read."""
    payload = token.split(".")[1:2] if isinstance(token, str) else []
    try:
        return json.decode(base64.urlsafe_b64decode(payload[0] + "=="), type=dict[str, Any])
    except (IndexError, ValueError, DecodeError, RecursionError):
        return {}


class AzureJWTVerifier(EntraVerifier):
    """Verifies the tokens of an app's API where clients get them from Entra by themselves, for a
    `RemoteAuthProvider`.

    `required_scopes` are written without the API's URI, as tokens have them; clients are told them
    with it. `tenant_id` may be `organizations`, `consumers` or `common`.
    """

    def __init__(
        self,
        *,
        client_id: str,
        tenant_id: str,
        required_scopes: list[str] | None = None,
        identifier_uri: str | None = None,
        base_authority: str = _PUBLIC_CLOUD,
        http_client: Any = None,
    ) -> None:
        super().__init__(
            client_id=client_id,
            tenant_id=tenant_id,
            identifier_uri=identifier_uri,
            base_authority=base_authority,
            required_scopes=required_scopes,
            http_client=http_client,
        )

    def get_challenge_scopes(self, required_scopes: list[str] | None = None) -> list[str]:
        """By their full names, as Entra is asked for them."""
        return full_scopes(super().get_challenge_scopes(required_scopes), self.identifier_uri)


class _OBOToken(Dependency[str]):
    """A token for another service in the caller's name."""

    def __init__(self, scopes: Sequence[str]) -> None:
        self.scopes = scopes_of(scopes, "scopes")

    async def __aenter__(self) -> str:
        from fastmcp.server.dependencies import get_context

        context = get_context()
        if context.access_token is None:
            raise RuntimeError("EntraOBOToken: the caller has no access token")
        provider = _azure_provider(context.host.auth)
        if provider is None:
            raise RuntimeError("EntraOBOToken needs auth=AzureProvider(...) of the server")
        credential = await provider.get_obo_credential(context.access_token.token)
        return (await credential.get_token(*self.scopes)).token


def EntraOBOToken(scopes: list[str]) -> str:
    """A default that stands for a token of another service, as Graph, in the caller's name.

    `scopes` are those of one service, as `https://graph.microsoft.com/Mail.Read`; the app
    registration needs the permission, and its users have to have agreed to it: name them in
    `additional_authorize_scopes`.
    """
    return cast("str", _OBOToken(scopes))


def _azure_provider(auth: AuthProvider | None) -> AzureProvider | None:
    provider = auth.server if isinstance(auth, MultiAuth) else auth
    return provider if isinstance(provider, AzureProvider) else None
