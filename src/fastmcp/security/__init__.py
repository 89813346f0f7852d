"""Decorators and functions that protect tools, resources and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .api_key import APIKey as APIKey
    from .api_key import NewAPIKey as NewAPIKey
    from .api_keys import APIKeys as APIKeys
    from .rate_limits import rate_limit as rate_limit
    from .requirement import require_auth as require_auth
    from .requirement import require_roles as require_roles
    from .requirement import require_scopes as require_scopes
    from .resource_signer import ResourceSigner as ResourceSigner
    from .token_records import validate_token as validate_token

_HOMES = {
    ".api_key": ("APIKey", "NewAPIKey"),
    ".api_keys": ("APIKeys",),
    ".rate_limits": ("rate_limit",),
    ".requirement": ("require_auth", "require_roles", "require_scopes"),
    ".resource_signer": ("ResourceSigner",),
    ".token_records": ("validate_token",),
}
__all__ = [
    "APIKey",
    "APIKeys",
    "NewAPIKey",
    "ResourceSigner",
    "rate_limit",
    "require_auth",
    "require_roles",
    "require_scopes",
    "validate_token",
]

lazy_names(__name__, {name: home for home, names in _HOMES.items() for name in names})
