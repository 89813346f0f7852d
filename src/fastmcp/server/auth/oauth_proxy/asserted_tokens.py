"""AssertedTokens: access tokens for users whom another identity provider vouches for (ID-JAG)."""

from __future__ import annotations

import logging
import secrets
from typing import Any, Final

from fastmcp._oauth.documents import OAuthToken
from fastmcp.exceptions import TokenError

from ..access_token import AccessToken
from ..identity_assertion import (
    IdentityAssertion,
    IdentityAssertionError,
    IdentityAssertionValidator,
)
from ..oauth.assertions import SeenAssertions
from ..oauth.grants import IdentityAssertionParams
from ..storage import OAuthStorage, Shelf
from .proxied import Proxied

logger: Final = logging.getLogger("fastmcp.server.auth.proxy")

GRANT = "fastmcp_grant"
ID_JAG = "id_jag"


class AssertedTokens:
    """Issues tokens that stand for nothing upstream: they say themselves who the user is. They are
    good as long as they are kept.
    """

    def __init__(self, proxy: Proxied, config: IdentityAssertion, storage: OAuthStorage) -> None:
        self._proxy = proxy
        self._config = config
        self._kept: Shelf[bool] = storage.shelf("asserted-tokens", bool)
        seen = SeenAssertions(storage.shelf("seen-assertions", bool))
        self._validator = IdentityAssertionValidator(config, proxy.issuer_url, seen=seen)

    async def issue(self, client: Any, params: IdentityAssertionParams) -> OAuthToken:
        """A token for an assertion; when it ends, the client has to bring another one.

        Raises:
            TokenError: the assertion is not valid.
            AuthorityUnavailable: that cannot be told now.
        """
        issuer = self._proxy.jwt_issuer
        try:
            claims = await self._validator.validate(
                params.assertion, client_id=client.client_id, resource_url=issuer.audience
            )
        except IdentityAssertionError as error:
            logger.warning("The word of an identity provider is refused: %s", error)
            raise TokenError("invalid_grant", "The assertion is not valid") from None
        scopes = self._validator.granted_scopes(claims, params.scopes)
        lasting, jti = self._config.access_token_expiry_seconds, secrets.token_urlsafe(32)
        token = issuer.issue_access_token(
            client.client_id,
            scopes,
            jti,
            lasting,
            subject=str(claims["sub"]),
            extra_claims={GRANT: ID_JAG, "assertion_iss": str(claims["iss"])},
        )
        await self._kept.put(jti, True, lasting)
        return OAuthToken(access_token=token, expires_in=lasting, scope=" ".join(scopes))

    async def load(self, token: str, claims: dict[str, Any]) -> AccessToken | None:
        """What a token says, whose signature was verified; None if it was revoked."""
        if not await self._kept.get(claims["jti"]):
            return None
        return AccessToken(
            token=token,
            client_id=claims["client_id"],
            scopes=claims["scope"].split(),
            expires_at=int(claims["exp"]),
            resource=self._proxy.jwt_issuer.audience,
            subject=claims["sub"],
            claims=claims,
        )

    async def revoke(self, claims: dict[str, Any]) -> None:
        """End a token."""
        await self._kept.delete(claims["jti"])


def is_asserted(claims: dict[str, Any] | None) -> bool:
    """Whether verified claims are those of such a token."""
    return claims is not None and claims.get(GRANT) == ID_JAG
