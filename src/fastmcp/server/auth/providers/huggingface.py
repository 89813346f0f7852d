"""Hugging Face: its OAuth apps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack, cast

from ..access_token import AccessToken
from ..identity_providers.opaque_tokens import (
    OpaqueTokenVerifier,
    claims_of,
    granted_scopes,
    text_of,
)
from ..identity_providers.proxy_options import OpaqueProxyOptions, divided
from ..oauth_proxy import OAuthProxy

HUGGINGFACE_AUTHORIZATION_ENDPOINT = "https://huggingface.co/oauth/authorize"
HUGGINGFACE_TOKEN_ENDPOINT = "https://huggingface.co/oauth/token"
HUGGINGFACE_USERINFO_ENDPOINT = "https://huggingface.co/oauth/userinfo"
HUGGINGFACE_WHOAMI_ENDPOINT = "https://huggingface.co/api/whoami-v2"

DEFAULT_HUGGINGFACE_SCOPES = ["openid", "profile"]


class HuggingFaceTokenVerifier(OpaqueTokenVerifier):
    """Asks Hugging Face whose token it is.

    Which app a token was issued to is not told: those of every app are valid.
    `HuggingFaceProvider` has tokens of its own app only.
    """

    provider_name = "Hugging Face"

    async def look_up(self, token: str) -> AccessToken | None:
        answer = await self.authority.ask(HUGGINGFACE_USERINFO_ENDPOINT, token)
        if answer is None:
            return None
        user = answer.document
        subject = text_of(user.get("sub"))
        if subject is None:
            raise self.authority.silent("did not say whose token it is")
        scopes = _told_scopes(user)
        whoami: dict[str, Any] | None = None
        if not scopes or not set(self.required_scopes) <= set(scopes):
            asked = await self.authority.ask(HUGGINGFACE_WHOAMI_ENDPOINT, token)
            whoami = None if asked is None else asked.document
            scopes = list(dict.fromkeys([*scopes, *_told_scopes(whoami or {})]))
        return AccessToken(
            token=token,
            client_id=subject,
            scopes=scopes or _shown_scopes(user),
            subject=subject,
            claims={
                "sub": subject,
                **claims_of(
                    user, "name", "email", "email_verified", "profile", "picture", "organizations"
                ),
                "preferred_username": (
                    user.get("preferred_username") or user.get("nickname") or user.get("name")
                ),
                "huggingface_userinfo": user,
                "huggingface_whoami": whoami,
            },
        )


def _told_scopes(document: Mapping[str, Any]) -> list[str]:
    """The scopes that a document says were granted, at whichever place it does."""
    found = granted_scopes(document.get("scope") or document.get("scopes"))
    if found:
        return found
    token = _object(_object(document.get("auth")).get("accessToken"))
    listed = token.get("scopes") or token.get("scope")
    if not isinstance(listed, list):
        return granted_scopes(listed)
    members = cast("list[Any]", listed)
    return granted_scopes([_object(each).get("name", each) for each in members])


def _shown_scopes(user: Mapping[str, Any]) -> list[str]:
    """The scopes without which the user would not have been told so (OpenID Connect 5.4)."""
    return ["openid", *(["profile"] if "preferred_username" in user else [])]


def _object(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


class HuggingFaceProvider(OAuthProxy):
    """Signs users in by an OAuth app of Hugging Face; `required_scopes` are `["openid", "profile"]`
    by default.

    A public app has no `client_secret`; `jwt_signing_key` is needed then.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str | None = None,
        base_url: Any,
        **options: Unpack[OpaqueProxyOptions],
    ) -> None:
        verifying, proxying = divided(options, DEFAULT_HUGGINGFACE_SCOPES)
        super().__init__(
            upstream_authorization_endpoint=HUGGINGFACE_AUTHORIZATION_ENDPOINT,
            upstream_token_endpoint=HUGGINGFACE_TOKEN_ENDPOINT,
            upstream_client_id=client_id,
            upstream_client_secret=client_secret,
            token_endpoint_auth_method="client_secret_basic" if client_secret else "none",
            token_verifier=HuggingFaceTokenVerifier(**verifying),
            base_url=base_url,
            **proxying,
        )

    def _uses_alternate_verification(self) -> bool:
        """Which scopes were granted is in the answer that had the token."""
        return True
