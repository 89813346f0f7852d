"""OAuthProxy: an authorization server in front of an identity provider that knows one client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .proxy import OAuthProxy as OAuthProxy

__all__ = ["OAuthProxy"]

lazy_names(__name__, {"OAuthProxy": ".proxy"})
