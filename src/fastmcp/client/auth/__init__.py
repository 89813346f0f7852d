"""How a client over HTTP says who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from fastmcp.exceptions import OAuthFlowError as OAuthFlowError
    from fastmcp.exceptions import OAuthRegistrationError as OAuthRegistrationError
    from fastmcp.exceptions import OAuthTokenError as OAuthTokenError

    from .assertions import SignedJWTParameters as SignedJWTParameters
    from .assertions import static_assertion_provider as static_assertion_provider
    from .authorization_request import AuthorizationCodeResult as AuthorizationCodeResult
    from .bearer import BearerAuth as BearerAuth
    from .client_credentials import (
        ClientCredentialsOAuthProvider as ClientCredentialsOAuthProvider,
    )
    from .client_credentials import PrivateKeyJWTOAuthProvider as PrivateKeyJWTOAuthProvider
    from .file_storage import FileTokenStorage as FileTokenStorage
    from .identity_assertion import (
        IdentityAssertionOAuthProvider as IdentityAssertionOAuthProvider,
    )
    from .identity_assertion import IdentityProvider as IdentityProvider
    from .oauth import OAuth as OAuth

__all__ = [
    "AuthorizationCodeResult",
    "BearerAuth",
    "ClientCredentialsOAuthProvider",
    "FileTokenStorage",
    "IdentityAssertionOAuthProvider",
    "IdentityProvider",
    "OAuth",
    "OAuthFlowError",
    "OAuthRegistrationError",
    "OAuthTokenError",
    "PrivateKeyJWTOAuthProvider",
    "SignedJWTParameters",
    "static_assertion_provider",
]

lazy_names(
    __name__,
    {
        "AuthorizationCodeResult": ".authorization_request",
        "BearerAuth": ".bearer",
        "ClientCredentialsOAuthProvider": ".client_credentials",
        "FileTokenStorage": ".file_storage",
        "IdentityAssertionOAuthProvider": ".identity_assertion",
        "IdentityProvider": ".identity_assertion",
        "OAuth": ".oauth",
        "OAuthFlowError": "fastmcp.exceptions",
        "OAuthRegistrationError": "fastmcp.exceptions",
        "OAuthTokenError": "fastmcp.exceptions",
        "PrivateKeyJWTOAuthProvider": ".client_credentials",
        "SignedJWTParameters": ".assertions",
        "static_assertion_provider": ".assertions",
    },
)
