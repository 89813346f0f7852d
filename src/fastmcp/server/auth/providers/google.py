"""Google: its OAuth clients."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from typing import Any, Unpack

from fastmcp.exceptions import AuthorityUnavailable

from ..access_token import AccessToken
from ..identity_providers.opaque_tokens import (
    OpaqueTokenVerifier,
    VerifierOptions,
    claims_of,
    granted_scopes,
    number_of,
    text_of,
)
from ..identity_providers.proxy_options import OpaqueProxyOptions, divided
from ..oauth_proxy import OAuthProxy
from ..provider import scopes_of

_TOKEN_INFO = "https://oauth2.googleapis.com/tokeninfo"
_USER_INFO = "https://www.googleapis.com/oauth2/v2/userinfo"

GOOGLE_SCOPE_ALIASES = {
    "email": "https://www.googleapis.com/auth/userinfo.email",
    "profile": "https://www.googleapis.com/auth/userinfo.profile",
}
"""What may be asked for by the short name, and is granted under the long one."""


def full_names(scopes: Iterable[str]) -> list[str]:
    """Scopes as Google grants them."""
    return [GOOGLE_SCOPE_ALIASES.get(scope, scope) for scope in scopes]


class GoogleTokenVerifier(OpaqueTokenVerifier):
    """Asks Google about a token, and who its user is.

    `audience` are the OAuth clients that a token may have been issued to; without it those of any
    other app are valid, too.
    """

    provider_name = "Google"

    def __init__(
        self, *, audience: str | Collection[str] | None = None, **options: Unpack[VerifierOptions]
    ) -> None:
        super().__init__(**options)
        self.required_scopes: list[str] = full_names(self.required_scopes)
        self.audience = audience

    async def look_up(self, token: str) -> AccessToken | None:
        answer = await self.authority.ask(_TOKEN_INFO, token)
        if answer is None:
            return None
        info = answer.document
        audience, subject = text_of(info.get("aud")), text_of(info.get("sub"))
        if audience is None or subject is None or not self._is_for_us(audience):
            return None
        user = await self._user(token)
        return AccessToken(
            token=token,
            client_id=subject,
            scopes=granted_scopes(info.get("scope")),
            expires_at=_expiry(info),
            subject=subject,
            claims={
                "sub": subject,
                "aud": audience,
                "email": info.get("email") or user.get("email"),
                "email_verified": info.get("email_verified") or user.get("verified_email"),
                **claims_of(user, "name", "picture", "given_name", "family_name", "locale"),
                "google_user_data": user or None,
            },
        )

    def _is_for_us(self, audience: str) -> bool:
        if self.audience is None:
            return True
        ours = [self.audience] if isinstance(self.audience, str) else self.audience
        return audience in ours

    async def _user(self, token: str) -> dict[str, Any]:
        """What is known of the user beside who they are, for which the token may be too narrow."""
        try:
            answer = await self.authority.ask(_USER_INFO, token)
        except AuthorityUnavailable:
            return {}
        return {} if answer is None else answer.document


def _expiry(info: dict[str, Any]) -> int | None:
    left = number_of(info.get("expires_in"))
    return number_of(info.get("exp")) if left is None else int(time.time()) + left


class GoogleProvider(OAuthProxy):
    """Signs users in by an OAuth client of Google.

    `required_scopes` are `["openid"]` by default; `email` and `profile` may be written so. Google
    is asked for a refresh token, which it gives only with its consent page; what
    `extra_authorize_params` has takes the place of these two parameters.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str | None = None,
        base_url: Any,
        **options: Unpack[OpaqueProxyOptions],
    ) -> None:
        verifying, proxying = divided(options, ["openid"])
        valid = proxying.get("valid_scopes")
        if valid is not None:
            proxying["valid_scopes"] = full_names(scopes_of(valid, "valid_scopes"))
        proxying["extra_authorize_params"] = {
            "access_type": "offline",
            "prompt": "consent",
            **(proxying.get("extra_authorize_params") or {}),
        }
        super().__init__(
            upstream_authorization_endpoint="https://accounts.google.com/o/oauth2/v2/auth",
            upstream_token_endpoint="https://oauth2.googleapis.com/token",
            upstream_client_id=client_id,
            upstream_client_secret=client_secret,
            token_verifier=GoogleTokenVerifier(audience=client_id, **verifying),
            base_url=base_url,
            **proxying,
        )
