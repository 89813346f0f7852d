"""Discord: its applications."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Unpack, cast

from ..access_token import AccessToken
from ..identity_providers.opaque_tokens import (
    OpaqueTokenVerifier,
    VerifierOptions,
    claims_of,
    granted_scopes,
    text_of,
)
from ..identity_providers.proxy_options import OpaqueProxyOptions, divided
from ..oauth_proxy import OAuthProxy


class DiscordTokenVerifier(OpaqueTokenVerifier):
    """Asks Discord about a token; it must have been issued to `expected_client_id`."""

    provider_name = "Discord"

    def __init__(self, *, expected_client_id: str, **options: Unpack[VerifierOptions]) -> None:
        super().__init__(**options)
        self.expected_client_id = expected_client_id

    async def look_up(self, token: str) -> AccessToken | None:
        answer = await self.authority.ask("https://discord.com/api/oauth2/@me", token)
        if answer is None:
            return None
        info = answer.document
        application = text_of(_object(info.get("application")).get("id"))
        if application is None or application != self.expected_client_id:
            return None
        user = _object(info.get("user"))
        subject = text_of(user.get("id"))
        return AccessToken(
            token=token,
            client_id=application,
            scopes=granted_scopes(info.get("scopes")),
            expires_at=self._expiry(info.get("expires")),
            subject=subject,
            claims={
                "sub": subject,
                **claims_of(
                    user, "username", "discriminator", "avatar", "email", "verified", "locale"
                ),
                "discord_user": user,
                "discord_token_info": info,
            },
        )

    def _expiry(self, written: Any) -> int | None:
        if written is None:
            return None
        try:
            return int(datetime.fromisoformat(written).timestamp())
        except (TypeError, ValueError, OverflowError):
            raise self.authority.silent("did not say until when a token is valid") from None


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


class DiscordProvider(OAuthProxy):
    """Signs users in by an application of Discord; `required_scopes` are `["identify"]` by
    default.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        base_url: Any,
        **options: Unpack[OpaqueProxyOptions],
    ) -> None:
        verifying, proxying = divided(options, ["identify"])
        super().__init__(
            upstream_authorization_endpoint="https://discord.com/oauth2/authorize",
            upstream_token_endpoint="https://discord.com/api/oauth2/token",
            upstream_client_id=client_id,
            upstream_client_secret=client_secret,
            token_verifier=DiscordTokenVerifier(expected_client_id=client_id, **verifying),
            base_url=base_url,
            **proxying,
        )
