"""`AuthorizationHandler`, which lives with the authorization server."""

from __future__ import annotations

from ..oauth.authorization import AuthorizationHandler

__all__ = ["AuthorizationHandler"]
