"""What an authorization server says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._oauth.documents import OAuthMetadata

from ..jwt.algorithms import ALGORITHMS, SYMMETRIC
from .grants import JWT_BEARER

if TYPE_CHECKING:
    from .provider import OAuthProvider

AUTHORIZE = "/authorize"
TOKEN = "/token"
REGISTER = "/register"
REVOKE = "/revoke"
# Whoever verifies an assertion has a public key of who made it, and no secret.
ASSERTION_ALGORITHMS = [each for each in ALGORITHMS if each not in SYMMETRIC]
ID_JAG_PROFILE = "urn:ietf:params:oauth:grant-profile:id-jag"


def metadata_of(provider: OAuthProvider) -> OAuthMetadata:
    """The metadata of a provider, whose endpoints are below its `base_url`."""
    base = provider.base_url
    methods = provider.token_endpoint_auth_methods_supported
    algorithms = ASSERTION_ALGORITHMS if "private_key_jwt" in methods else None
    grants = provider.grant_types_supported
    revocable = provider.revocation.enabled
    return OAuthMetadata(
        issuer=provider.issuer_url,
        authorization_endpoint=f"{base}{AUTHORIZE}",
        token_endpoint=f"{base}{TOKEN}",
        registration_endpoint=f"{base}{REGISTER}" if provider.registration.enabled else None,
        scopes_supported=provider.scopes_supported or None,
        response_types_supported=["code"],
        response_modes_supported=["query"],
        grant_types_supported=grants,
        token_endpoint_auth_methods_supported=methods,
        token_endpoint_auth_signing_alg_values_supported=algorithms,
        service_documentation=provider.service_documentation_url,
        revocation_endpoint=f"{base}{REVOKE}" if revocable else None,
        revocation_endpoint_auth_methods_supported=methods if revocable else None,
        revocation_endpoint_auth_signing_alg_values_supported=algorithms if revocable else None,
        code_challenge_methods_supported=["S256"],
        client_id_metadata_document_supported=provider.takes_client_urls or None,
        authorization_response_iss_parameter_supported=True,
        authorization_grant_profiles_supported=([ID_JAG_PROFILE] if JWT_BEARER in grants else None),
    )
