"""Each proxy to a named identity provider, before one that answers as all of them do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import httpx2

from fastmcp._fetching.bounded import BoundedClient
from fastmcp.server.auth.oauth_proxy import OAuthProxy
from fastmcp.server.auth.providers.auth0 import Auth0Provider
from fastmcp.server.auth.providers.aws import AWSCognitoProvider
from fastmcp.server.auth.providers.azure import AzureProvider
from fastmcp.server.auth.providers.clerk import ClerkProvider
from fastmcp.server.auth.providers.discord import DiscordProvider
from fastmcp.server.auth.providers.github import GitHubProvider
from fastmcp.server.auth.providers.google import GoogleProvider
from fastmcp.server.auth.providers.huggingface import HuggingFaceProvider
from fastmcp.server.auth.providers.oci import OCIProvider
from fastmcp.server.auth.providers.workos import WorkOSProvider
from fastmcp.server.backplane import MemoryBackplane

from ..oauth_proxy.browsing import BASE
from .identity_provider import APP, SECRET, IdentityProvider, Token

TENANT = "11111111-2222-3333-4444-555555555555"
ENTRA = f"https://login.microsoftonline.com/{TENANT}"
POOL = "https://cognito-idp.eu-central-1.amazonaws.com/pool/.well-known/openid-configuration"


class Proxy:
    """How one is made, where it sends users, and what its users' tokens are like."""

    def __init__(
        self,
        make: Callable[..., OAuthProxy],
        authorize: str,
        token: str,
        scopes: list[str],
        *,
        asks: dict[str, str] | None = None,
        exchanges: dict[str, str] | None = None,
        issuer: str | None = None,
        claims: dict[str, Any] | None = None,
    ) -> None:
        self.make = make
        self.authorize = authorize
        self.token = token
        self.scopes = scopes
        self.asks = asks or {}
        self.exchanges = exchanges or {}
        self.issuer = issuer
        self.claims = claims or {}

    def provider(self, idp: IdentityProvider, http: httpx2.AsyncClient, **options: Any) -> Any:
        """One whose every request comes to `idp`."""
        given = {
            "client_id": APP,
            "client_secret": SECRET,
            "base_url": BASE,
            "client_storage": MemoryBackplane(),
        }
        made = self.make(idp.base, http, **{**given, **options})
        usual = made._create_upstream_oauth_client

        def reaching() -> Any:
            client = usual()
            client._http = BoundedClient(max_size=65_536, timeout=5, client=http)
            return client

        made._create_upstream_oauth_client = reaching
        return made

    def sign_in(self, idp: IdentityProvider, scopes: Iterable[str], **claims: Any) -> None:
        """Have the next code stand for a token with these scopes."""
        granted = " ".join(scopes)
        token = "upstream-token"
        if self.issuer is not None:
            token = idp.keys.create_token(
                "7",
                self.issuer.format(base=idp.base),
                kid="one",
                additional_claims={**self.claims, "scope": granted, **claims},
            )
        idp.tokens[token] = Token(granted)
        idp.granted = {"access_token": token, "scope": granted}


def github(base: str, http: Any, **options: Any) -> OAuthProxy:
    return GitHubProvider(http_client=http, **options)


def google(base: str, http: Any, **options: Any) -> OAuthProxy:
    return GoogleProvider(http_client=http, **options)


def discord(base: str, http: Any, **options: Any) -> OAuthProxy:
    return DiscordProvider(http_client=http, **options)


def hugging_face(base: str, http: Any, **options: Any) -> OAuthProxy:
    return HuggingFaceProvider(http_client=http, **options)


def clerk(base: str, http: Any, **options: Any) -> OAuthProxy:
    return ClerkProvider(domain="clerk.example.com", http_client=http, **options)


def workos(base: str, http: Any, **options: Any) -> OAuthProxy:
    required = options.pop("required_scopes", ["openid"])
    return WorkOSProvider(
        authkit_domain="ours.authkit.app", required_scopes=required, http_client=http, **options
    )


def azure(base: str, http: Any, **options: Any) -> OAuthProxy:
    required = options.pop("required_scopes", ["read"])
    given = {"additional_authorize_scopes": ["User.Read"], **options}
    return AzureProvider(tenant_id=TENANT, required_scopes=required, http_client=http, **given)


def auth0(base: str, http: Any, **options: Any) -> OAuthProxy:
    url = f"{base}/.well-known/openid-configuration"
    return Auth0Provider(**{"config_url": url, "audience": "our-api", **options})


def oci(base: str, http: Any, **options: Any) -> OAuthProxy:
    return OCIProvider(config_url=f"{base}/.well-known/openid-configuration", **options)


def cognito(base: str, http: Any, **options: Any) -> OAuthProxy:
    class AtOneSocket(AWSCognitoProvider):
        def get_oidc_configuration(self, config_url: Any, *args: Any, **kwargs: Any) -> Any:
            assert str(config_url) == POOL
            here = f"{base}/.well-known/openid-configuration"
            return super().get_oidc_configuration(here, *args, **kwargs)

    return AtOneSocket(user_pool_id="pool", **options)


PROXIES = {
    "github": Proxy(
        github,
        "https://github.com/login/oauth/authorize",
        "github.com/login/oauth/access_token",
        ["user"],
    ),
    "google": Proxy(
        google,
        "https://accounts.google.com/o/oauth2/v2/auth",
        "oauth2.googleapis.com/token",
        ["openid"],
        asks={"access_type": "offline", "prompt": "consent"},
    ),
    "discord": Proxy(
        discord,
        "https://discord.com/oauth2/authorize",
        "discord.com/api/oauth2/token",
        ["identify"],
    ),
    "hugging_face": Proxy(
        hugging_face,
        "https://huggingface.co/oauth/authorize",
        "huggingface.co/oauth/token",
        ["openid", "profile"],
    ),
    "clerk": Proxy(
        clerk,
        "https://clerk.example.com/oauth/authorize",
        "clerk.example.com/oauth/token",
        ["openid", "email", "profile"],
    ),
    "workos": Proxy(
        workos,
        "https://ours.authkit.app/oauth2/authorize",
        "ours.authkit.app/oauth2/token",
        ["openid"],
    ),
    "azure": Proxy(
        azure,
        f"{ENTRA}/oauth2/v2.0/authorize",
        f"login.microsoftonline.com/{TENANT}/oauth2/v2.0/token",
        ["read"],
        asks={
            "prompt": "select_account",
            "scope": f"api://{APP}/read User.Read offline_access",
        },
        exchanges={"scope": f"api://{APP}/read offline_access"},
        issuer=f"{ENTRA}/v2.0",
        claims={"aud": APP},
    ),
    "auth0": Proxy(
        auth0,
        "{base}/authorize",
        "{host}/token",
        ["openid"],
        asks={"audience": "our-api"},
        exchanges={"audience": "our-api"},
        issuer="{base}",
        claims={"aud": "our-api"},
    ),
    "cognito": Proxy(
        cognito,
        "{base}/authorize",
        "{host}/token",
        ["openid"],
        issuer="{base}",
        claims={"client_id": APP, "token_use": "access"},
    ),
    "oci": Proxy(oci, "{base}/authorize", "{host}/token", ["openid"], issuer="{base}"),
}
