"""Who may do what: providers for `FastMCP(auth=...)`, and checks for the `auth=` of components."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .access_token import AccessToken as AccessToken
    from .authorization import AuthCheck as AuthCheck
    from .authorization import AuthContext as AuthContext
    from .authorization import run_auth_checks as run_auth_checks
    from .multi import MultiAuth as MultiAuth
    from .provider import AuthProvider as AuthProvider
    from .provider import TokenVerifier as TokenVerifier
    from .remote import RemoteAuthProvider as RemoteAuthProvider

_HOMES = {
    ".access_token": ("AccessToken",),
    ".authorization": ("AuthCheck", "AuthContext", "run_auth_checks"),
    ".multi": ("MultiAuth",),
    ".provider": ("AuthProvider", "TokenVerifier"),
    ".remote": ("RemoteAuthProvider",),
}
__all__ = [
    "AccessToken",
    "AuthCheck",
    "AuthContext",
    "AuthProvider",
    "MultiAuth",
    "RemoteAuthProvider",
    "TokenVerifier",
    "run_auth_checks",
]

__getattr__ = lazy_names(__name__, {name: home for home, names in _HOMES.items() for name in names})
