"""Who may do what: providers for `FastMCP(auth=...)`, and checks for the `auth=` of components."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .access_token import AccessToken as AccessToken
    from .checks import AuthCheck as AuthCheck
    from .checks import AuthContext as AuthContext
    from .checks import require_roles as require_roles
    from .checks import require_scopes as require_scopes
    from .checks import restrict_tag as restrict_tag
    from .checks import run_auth_checks as run_auth_checks
    from .identity_assertion import IdentityAssertion as IdentityAssertion
    from .multi import MultiAuth as MultiAuth
    from .oauth.issuer import Lifetimes as Lifetimes
    from .oauth.provider import OAuthProvider as OAuthProvider
    from .oauth.rates import OAuthRates as OAuthRates
    from .oauth.stored import StoredOAuthProvider as StoredOAuthProvider
    from .oauth_proxy import OAuthProxy as OAuthProxy
    from .oidc_proxy import OIDCProxy as OIDCProxy
    from .provider import AuthProvider as AuthProvider
    from .provider import TokenVerifier as TokenVerifier
    from .providers.debug import DebugTokenVerifier as DebugTokenVerifier
    from .providers.jwt import JWTVerifier as JWTVerifier
    from .providers.jwt import StaticTokenVerifier as StaticTokenVerifier
    from .remote import RemoteAuthProvider as RemoteAuthProvider

_HOMES = {
    ".access_token": ("AccessToken",),
    ".checks": (
        "AuthCheck",
        "AuthContext",
        "require_roles",
        "require_scopes",
        "restrict_tag",
        "run_auth_checks",
    ),
    ".identity_assertion": ("IdentityAssertion",),
    ".multi": ("MultiAuth",),
    ".oauth.issuer": ("Lifetimes",),
    ".oauth.provider": ("OAuthProvider",),
    ".oauth.rates": ("OAuthRates",),
    ".oauth.stored": ("StoredOAuthProvider",),
    ".oauth_proxy": ("OAuthProxy",),
    ".oidc_proxy": ("OIDCProxy",),
    ".provider": ("AuthProvider", "TokenVerifier"),
    ".providers.debug": ("DebugTokenVerifier",),
    ".providers.jwt": ("JWTVerifier", "StaticTokenVerifier"),
    ".remote": ("RemoteAuthProvider",),
}
__all__ = [
    "AccessToken",
    "AuthCheck",
    "AuthContext",
    "AuthProvider",
    "DebugTokenVerifier",
    "IdentityAssertion",
    "JWTVerifier",
    "Lifetimes",
    "MultiAuth",
    "OAuthProvider",
    "OAuthProxy",
    "OAuthRates",
    "OIDCProxy",
    "RemoteAuthProvider",
    "StaticTokenVerifier",
    "StoredOAuthProvider",
    "TokenVerifier",
    "require_roles",
    "require_scopes",
    "restrict_tag",
    "run_auth_checks",
]

lazy_names(__name__, {name: home for home, names in _HOMES.items() for name in names})
