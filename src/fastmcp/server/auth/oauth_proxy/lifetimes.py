"""How long tokens last: the identity provider's, and ours that stand for them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from .models import (
    DEFAULT_ACCESS_TOKEN_EXPIRY_NO_REFRESH_SECONDS,
    DEFAULT_ACCESS_TOKEN_EXPIRY_SECONDS,
    DEFAULT_REFRESH_TOKEN_EXPIRY_SECONDS,
)
from .upstream import seconds_of

# Not for ever, and small enough for any store.
_LONGEST = 10 * 365 * 24 * 60 * 60


class Lifetimes(Struct, frozen=True):
    """Seconds, where the identity provider says nothing (`fallback_…`), of our access tokens, and
    before the end of an upstream token to refresh it.
    """

    fallback_access: int | None = None
    fallback_refresh: int | None = None
    own_access: int | None = None
    threshold: int = 0

    def of_access(self, response: Mapping[str, Any], *, refreshable: bool) -> int:
        """How long the upstream access token of a response lasts; 0 or less for one that does not.

        One that says nothing and cannot be refreshed is taken for a key without an end.
        """
        if (said := seconds_of(response, "expires_in")) is not None:
            return min(said, _LONGEST)
        if self.fallback_access is not None:
            return self.fallback_access
        if refreshable:
            return DEFAULT_ACCESS_TOKEN_EXPIRY_SECONDS
        return DEFAULT_ACCESS_TOKEN_EXPIRY_NO_REFRESH_SECONDS

    def of_refresh(self, response: Mapping[str, Any], known_end: float | None = None) -> int:
        """How long the upstream refresh token of a response lasts, as far as is known."""
        said = seconds_of(response, "refresh_expires_in") or seconds_of(
            response, "refresh_token_expires_in"
        )
        if said:
            return max(1, min(said, _LONGEST))
        if known_end is not None:
            return max(1, int(known_end - time.time()))
        if self.fallback_refresh is not None:
            return self.fallback_refresh
        return DEFAULT_REFRESH_TOKEN_EXPIRY_SECONDS

    def of_own_access(self, upstream: int, *, refreshable: bool) -> int:
        """How long our access token lasts: longer than the upstream one only if that can be
        refreshed meanwhile.
        """
        if self.own_access is None:
            return upstream
        return self.own_access if refreshable else min(self.own_access, upstream)
