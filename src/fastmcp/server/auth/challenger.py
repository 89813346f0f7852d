"""What callers are told who are refused: where tokens come from, and which scopes to ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from fastmcp._oauth.challenges import bearer_challenge
from fastmcp.exceptions import InsufficientScopeError

from .provider import AuthProvider


class Challenger(Struct, frozen=True):
    """Writes the challenges of an application; by default those of one that no provider protects.

    `resource_metadata` is the URL of the document that names the authorization servers.
    """

    provider: AuthProvider | None = None
    resource_metadata: str | None = None

    def unauthorized(self, *, sent: bool) -> str:
        """The challenge of a caller without a valid token; whether one was `sent`."""
        return bearer_challenge(
            error="invalid_token" if sent else None,
            scopes=self._asked_for(()),
            resource_metadata=self.resource_metadata,
        )

    def insufficient(self, scopes: Iterable[str]) -> str:
        """The challenge of a caller whose token needs these scopes, too."""
        return bearer_challenge(
            error="insufficient_scope",
            scopes=self._asked_for(scopes),
            resource_metadata=self.resource_metadata,
        )

    def _asked_for(self, scopes: Iterable[str]) -> Sequence[str]:
        """What to ask for, to have these scopes and those that every request needs."""
        provider = self.provider
        if provider is None:
            return list(scopes)
        further = [scope for scope in scopes if scope not in provider.required_scopes]
        always = provider.get_challenge_scopes(provider.required_scopes)
        if not further:
            return always
        asked = provider.get_challenge_scopes([*provider.required_scopes, *further])
        if asked == always:  # it names the same ones whatever is needed
            asked = [*always, *(scope for scope in further if scope not in always)]
        return asked


def challenger_of(scope: Mapping[str, Any]) -> Challenger:
    """That of the application which serves a request."""
    state = getattr(scope.get("app"), "state", None)
    return getattr(state, "fastmcp_challenger", None) or Challenger()


def step_up(fault: BaseException | None, scope: Mapping[str, Any] | None) -> str | None:
    """The challenge by which a client gets another token, where scopes are all that the caller's
    lacks (PROTOCOL 6.2).
    """
    if not isinstance(fault, InsufficientScopeError) or scope is None:
        return None
    if getattr(scope.get("user"), "access_token", None) is None:
        return None
    needed: Iterable[str] = getattr(fault, "needed", None) or fault.required_scopes
    return challenger_of(scope).insufficient(needed)
