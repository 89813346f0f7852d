"""StaticTokenVerifier: tokens that are written down, for tests and development."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, cast

from fastmcp.exceptions import ConfigurationError

from .access_token import AccessToken
from .given import record_token
from .provider import TokenVerifier


class StaticTokenVerifier(TokenVerifier):
    """Takes the tokens of a mapping, with what it says of each: `client_id`, `scopes`, `sub`,
    `expires_at`, and claims.

    Tokens that are written down are found by whoever reads what they are written in: not for
    servers that others can reach.
    """

    def __init__(
        self,
        tokens: dict[str, dict[str, Any]],
        required_scopes: Iterable[str] | str | None = None,
    ) -> None:
        super().__init__(required_scopes=required_scopes)
        given: Any = tokens
        if not isinstance(given, Mapping) or not all(
            isinstance(record, Mapping) for record in cast("Mapping[Any, Any]", given).values()
        ):
            raise ConfigurationError(
                'StaticTokenVerifier() takes a mapping like {"token": {"client_id": "ann"}}'
            )
        self.tokens = tokens

    async def verify_token(self, token: str) -> AccessToken | None:
        """What the mapping says of a token; None for a strange one, and after its end."""
        # The time that a mapping takes tells nothing of its keys: it compares salted hashes first.
        found = record_token(token, self.tokens.get(token))
        if found is None or found.expires_at is None or found.expires_at > time.time():
            return found
        return None
