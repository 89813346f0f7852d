"""FastMCP's path for providers and what they are made of, each at home in its own module."""

from __future__ import annotations

from fastmcp._oauth.documents import OAuthClientInformationFull as OAuthClientInformationFull
from fastmcp._oauth.documents import OAuthToken as OAuthToken

from .access_token import AccessToken as AccessToken
from .identity_assertion import JWT_BEARER_GRANT_TYPE as JWT_BEARER_GRANT_TYPE
from .middleware import AuthContextMiddleware as AuthContextMiddleware
from .middleware import BearerAuthBackend as BearerAuthBackend
from .multi import MultiAuth as MultiAuth
from .oauth.client_authentication import ClientAuthenticator as ClientAuthenticator
from .oauth.grants import AuthorizationCode as AuthorizationCode
from .oauth.grants import AuthorizationParams as AuthorizationParams
from .oauth.grants import IdentityAssertionParams as IdentityAssertionParams
from .oauth.grants import RefreshToken as RefreshToken
from .oauth.options import ClientRegistrationOptions as ClientRegistrationOptions
from .oauth.options import RevocationOptions as RevocationOptions
from .oauth.provider import OAuthProvider as OAuthProvider
from .oauth.token import TokenHandler as TokenHandler
from .provider import AuthProvider as AuthProvider
from .provider import TokenVerifier as TokenVerifier
from .remote import RemoteAuthProvider as RemoteAuthProvider

__all__ = [
    "JWT_BEARER_GRANT_TYPE",
    "AccessToken",
    "AuthContextMiddleware",
    "AuthProvider",
    "AuthorizationCode",
    "AuthorizationParams",
    "BearerAuthBackend",
    "ClientAuthenticator",
    "ClientRegistrationOptions",
    "IdentityAssertionParams",
    "MultiAuth",
    "OAuthClientInformationFull",
    "OAuthProvider",
    "OAuthToken",
    "RefreshToken",
    "RemoteAuthProvider",
    "RevocationOptions",
    "TokenHandler",
    "TokenVerifier",
]
