"""The named identity providers take the keywords of FastMCP's, and have its defaults."""

from __future__ import annotations

import importlib
from typing import Any

import httpx2
import pytest

from fastmcp.server.auth import TokenVerifier
from fastmcp.server.backplane import MemoryBackplane

from .identity_provider import IdentityProvider

PROXY = (
    "base_url resource_base_url issuer_url redirect_path required_scopes "
    "allowed_client_redirect_uris client_storage jwt_signing_key require_authorization_consent "
    "consent_csp_policy forward_resource fallback_refresh_token_expiry_seconds "
    "fastmcp_access_token_expiry_seconds token_expiry_threshold_seconds enable_cimd "
)
RESOURCE = "base_url required_scopes scopes_supported resource_name resource_documentation "
VERIFIER = "required_scopes timeout_seconds http_client "
CACHING = "cache_ttl_seconds max_cache_size "

# Those of FastMCP 4.1, which has every one of 3.4; the first are those that it needs.
KEYWORDS = {
    "auth0.Auth0Provider": (
        "config_url client_id client_secret audience base_url",
        PROXY + "timeout_seconds",
    ),
    "auth0.Auth0MCPProvider": (
        "config_url base_url",
        RESOURCE + "resource_base_url token_verifier timeout_seconds",
    ),
    "aws.AWSCognitoTokenVerifier": ("audience issuer jwks_uri", "required_scopes algorithm"),
    "aws.AWSCognitoProvider": (
        "user_pool_id client_id client_secret base_url",
        PROXY + "timeout_seconds aws_region",
    ),
    "azure.AzureProvider": (
        "client_id client_secret tenant_id required_scopes base_url",
        PROXY + "identifier_uri additional_authorize_scopes base_authority token_issuer "
        "extra_authorize_params http_client",
    ),
    "azure.AzureProvider.from_b2c": (
        "tenant_name policy_name client_id client_secret required_scopes base_url",
        PROXY + "custom_domain identifier_uri token_issuer extra_authorize_params",
    ),
    "azure.AzureJWTVerifier": (
        "client_id tenant_id",
        "required_scopes identifier_uri base_authority",
    ),
    "clerk.ClerkTokenVerifier": ("domain", "client_id client_secret " + VERIFIER),
    "clerk.ClerkProvider": (
        "domain client_id client_secret base_url",
        PROXY + "valid_scopes timeout_seconds extra_authorize_params http_client",
    ),
    "descope.DescopeProvider": (
        "base_url config_url",
        RESOURCE + "project_id descope_base_url token_verifier",
    ),
    "discord.DiscordTokenVerifier": ("expected_client_id", VERIFIER),
    "discord.DiscordProvider": (
        "client_id client_secret base_url",
        PROXY + "timeout_seconds http_client",
    ),
    "github.GitHubTokenVerifier": ("", VERIFIER + CACHING),
    "github.GitHubProvider": (
        "client_id client_secret base_url",
        PROXY + CACHING + "timeout_seconds http_client",
    ),
    "google.GoogleTokenVerifier": ("", VERIFIER + CACHING + "audience"),
    "google.GoogleProvider": (
        "client_id client_secret base_url",
        PROXY + CACHING + "valid_scopes timeout_seconds extra_authorize_params http_client",
    ),
    "huggingface.HuggingFaceTokenVerifier": ("", VERIFIER),
    "huggingface.HuggingFaceProvider": (
        "client_id client_secret base_url",
        PROXY + "valid_scopes timeout_seconds extra_authorize_params extra_token_params "
        "http_client",
    ),
    "keycloak.KeycloakAuthProvider": (
        "realm_url base_url",
        "required_scopes audience token_verifier",
    ),
    "oci.OCIProvider": (
        "config_url client_id client_secret base_url",
        PROXY + "timeout_seconds audience",
    ),
    "propelauth.PropelAuthProvider": (
        "auth_url introspection_client_id introspection_client_secret base_url",
        RESOURCE + "resource token_introspection_overrides",
    ),
    "scalekit.ScalekitProvider": (
        "environment_url resource_id base_url",
        RESOURCE + "mcp_url client_id token_verifier",
    ),
    "supabase.SupabaseProvider": (
        "project_url base_url",
        RESOURCE + "auth_route algorithm token_verifier",
    ),
    "workos.WorkOSTokenVerifier": ("authkit_domain", VERIFIER),
    "workos.WorkOSProvider": (
        "client_id client_secret authkit_domain base_url",
        PROXY + "valid_scopes timeout_seconds extra_authorize_params http_client",
    ),
    "workos.AuthKitProvider": (
        "authkit_domain base_url",
        RESOURCE + "resource_base_url token_verifier",
    ),
}

SCOPES = {
    "auth0.Auth0Provider": ["openid"],
    "aws.AWSCognitoProvider": ["openid"],
    "clerk.ClerkProvider": ["openid", "email", "profile"],
    "discord.DiscordProvider": ["identify"],
    "github.GitHubProvider": ["user"],
    "google.GoogleProvider": ["openid"],
    "huggingface.HuggingFaceProvider": ["openid", "profile"],
    "keycloak.KeycloakAuthProvider": ["openid"],
    "oci.OCIProvider": ["openid"],
    "azure.AzureProvider": ["read"],
    "azure.AzureProvider.from_b2c": ["read"],
}

every = pytest.mark.parametrize("name", KEYWORDS)


TEXTS = (
    "client_id client_secret audience tenant_id user_pool_id aws_region expected_client_id "
    "project_id resource_id introspection_client_id introspection_client_secret tenant_name "
    "policy_name resource_name issuer"
)
URLS = (
    "base_url resource_base_url issuer_url mcp_url realm_url auth_url authkit_domain "
    "environment_url project_url descope_base_url resource resource_documentation jwks_uri"
)


def values(idp: IdentityProvider) -> dict[str, Any]:
    """One for each keyword."""
    return {
        **{name: f"a-{name}" for name in TEXTS.split()},
        **{name: f"https://{name.replace('_', '-')}.example.com/" for name in URLS.split()},
        "config_url": f"{idp.base}/v1/apps/P1/.well-known/openid-configuration",
        "domain": "clerk.example.com",
        "custom_domain": "login.example.com",
        "base_authority": "login.microsoftonline.us",
        "token_issuer": "https://login.example.com/v2.0",
        "identifier_uri": "api://own",
        "auth_route": "/own/v1",
        "algorithm": "RS256",
        "redirect_path": "/own/callback",
        "required_scopes": ["read"],
        "valid_scopes": ["read", "write"],
        "scopes_supported": ["read"],
        "additional_authorize_scopes": ["User.Read"],
        "allowed_client_redirect_uris": ["http://localhost:*"],
        "client_storage": MemoryBackplane(),
        "jwt_signing_key": "k" * 40,
        "require_authorization_consent": "external",
        "consent_csp_policy": "default-src 'none'",
        "forward_resource": False,
        "fallback_refresh_token_expiry_seconds": 60,
        "fastmcp_access_token_expiry_seconds": 60,
        "token_expiry_threshold_seconds": 5,
        "enable_cimd": False,
        "extra_authorize_params": {"hint": "ann"},
        "extra_token_params": {"hint": "ann"},
        "timeout_seconds": 5,
        "cache_ttl_seconds": 60,
        "max_cache_size": 10,
        "http_client": httpx2.AsyncClient(transport=httpx2.AsyncBaseTransport()),
        "token_verifier": TokenVerifier(),
        "token_introspection_overrides": {"timeout_seconds": 5, "cache_ttl_seconds": 60},
    }


def made(name: str, options: dict[str, Any]) -> Any:
    """One of them."""
    module, _, rest = name.partition(".")
    found: Any = importlib.import_module(f"fastmcp.server.auth.providers.{module}")
    for part in rest.split("."):
        found = getattr(found, part)
    return found(**options)


@every
def test_every_keyword_of_fastmcp_is_taken(idp: IdentityProvider, name: str) -> None:
    """All of them at once."""
    known = values(idp)
    needed, others = KEYWORDS[name]
    auth = made(name, {each: known[each] for each in f"{needed} {others}".split()})
    if "required_scopes" in needed + others and "token_verifier" not in others:
        assert auth.required_scopes == ["read"]
    if "redirect_path" in others:
        assert auth._redirect_path == "/own/callback"
        assert auth.issuer_url.rstrip("/") == "https://issuer-url.example.com"
        assert auth.resource_base_url == "https://resource-base-url.example.com"


@every
def test_what_has_a_default_may_be_left_out(idp: IdentityProvider, name: str) -> None:
    """Which scopes are required then is what FastMCP has."""
    known = values(idp)
    auth = made(name, {each: known[each] for each in KEYWORDS[name][0].split()})
    assert auth.required_scopes == SCOPES.get(name, [])
    if name in SCOPES and hasattr(auth, "_redirect_path"):
        assert auth._redirect_path == "/auth/callback"


@every
def test_what_is_no_keyword_is_refused(idp: IdentityProvider, name: str) -> None:
    """By its name."""
    known = values(idp)
    needed = {each: known[each] for each in KEYWORDS[name][0].split()}
    with pytest.raises(TypeError, match="requird_scopes"):
        made(name, {**needed, "requird_scopes": ["read"]})
    for missing in needed:
        if name == "descope.DescopeProvider" or missing in OPTIONAL.get(name, ()):
            continue
        left = {each: value for each, value in needed.items() if each != missing}
        with pytest.raises((TypeError, ValueError), match=missing):
            made(name, left)


# What is needed in most cases, and in some is not.
OPTIONAL = {
    "azure.AzureProvider": ("client_secret",),
    "azure.AzureProvider.from_b2c": ("client_secret",),
    "clerk.ClerkProvider": ("client_secret",),
    "google.GoogleProvider": ("client_secret",),
    "huggingface.HuggingFaceProvider": ("client_secret",),
    "aws.AWSCognitoTokenVerifier": ("issuer", "jwks_uri"),
}
