"""GitHub: its OAuth apps, and the users of GitHub Apps."""

from __future__ import annotations

from typing import Any, Unpack

from ..access_token import AccessToken
from ..identity_providers.opaque_tokens import (
    Answer,
    OpaqueTokenVerifier,
    VerifierOptions,
    claims_of,
    granted_scopes,
    text_of,
)
from ..identity_providers.proxy_options import OpaqueProxyOptions, divided
from ..oauth_proxy import OAuthProxy

_API = "https://api.github.com"
_HEADERS = {"accept": "application/vnd.github+json"}


class GitHubTokenVerifier(OpaqueTokenVerifier):
    """Asks GitHub whose token it is.

    A token of GitHub does not say which app it was issued to: any user's is valid, personal ones
    included, unless `client_id` and `client_secret` are those of the app that it has to be of.
    `GitHubProvider` needs no such check, because it has tokens of its own app only.
    """

    provider_name = "GitHub"

    def __init__(
        self,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        **options: Unpack[VerifierOptions],
    ) -> None:
        super().__init__(**options)
        self.client_id = client_id
        self._client_secret = client_secret or ""

    async def look_up(self, token: str) -> AccessToken | None:
        if self.client_id is not None and not await self._is_ours(token):
            return None
        answer = await self.authority.ask(f"{_API}/user", token, headers=_HEADERS)
        if answer is None:
            return None
        user = answer.document
        subject = text_of(user.get("id"))
        if subject is None:
            raise self.authority.silent("did not say whose token it is")
        return AccessToken(
            token=token,
            client_id=subject,
            scopes=_scopes(token, answer),
            subject=subject,
            claims={
                "sub": subject,
                **claims_of(user, "login", "name", "email", "avatar_url"),
                "github_user_data": user,
            },
        )

    async def _is_ours(self, token: str) -> bool:
        answer = await self.authority.ask(
            f"{_API}/applications/{self.client_id}/token",
            method="POST",
            headers=_HEADERS,
            refusals=(404, 422),
            auth=(self.client_id, self._client_secret),
            json={"access_token": token},
        )
        return answer is not None


def _scopes(token: str, answer: Answer) -> list[str]:
    """Those that were granted. The tokens of GitHub Apps know none: the app has permissions, and
    that it could ask who its user is stands for `user`.
    """
    scopes = granted_scopes(answer.headers.get("x-oauth-scopes"))
    return ["user"] if not scopes and token.startswith("ghu_") else scopes


class GitHubProvider(OAuthProxy):
    """Signs users in by an OAuth app of GitHub, or a GitHub App.

    `required_scopes` are `["user"]` by default.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        base_url: Any,
        **options: Unpack[OpaqueProxyOptions],
    ) -> None:
        verifying, proxying = divided(options, ["user"])
        super().__init__(
            upstream_authorization_endpoint="https://github.com/login/oauth/authorize",
            upstream_token_endpoint="https://github.com/login/oauth/access_token",
            upstream_client_id=client_id,
            upstream_client_secret=client_secret,
            token_verifier=GitHubTokenVerifier(**verifying),
            base_url=base_url,
            **proxying,
        )
