"""Who calls where there is no HTTP: whoever started the server, by a token in its environment."""

from __future__ import annotations

import logging
import time
from typing import Final

from fastmcp.exceptions import AuthorityUnavailable, ConfigurationError

from .access_token import AccessToken
from .provider import AuthProvider

logger: Final = logging.getLogger("fastmcp.server.auth")

VARIABLE = "FASTMCP_AUTH_TOKEN"


async def owner_of_token(token: str, provider: AuthProvider | None) -> AccessToken | None:
    """Whose token this is, by the `auth=` of the server; None where it has none.

    Raises:
        ConfigurationError: the token is not valid, or lacks scopes that every request needs.
    """
    if provider is None:
        logger.warning("%s is not used: the server has no auth= to verify it", VARIABLE)
        return None
    try:
        found = await provider.verify_token(token)
    except AuthorityUnavailable as error:
        raise ConfigurationError(f"{VARIABLE} cannot be verified now: {error}") from error
    if found is None or (found.expires_at is not None and found.expires_at <= time.time()):
        raise ConfigurationError(
            f"{VARIABLE} holds no token that is valid for this server; set one that is, or unset it"
        )
    if missing := [scope for scope in provider.required_scopes if scope not in found.scopes]:
        raise ConfigurationError(f"The token in {VARIABLE} lacks {', '.join(missing)}")
    return found
