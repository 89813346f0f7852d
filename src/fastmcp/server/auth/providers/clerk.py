"""Clerk: the OAuth applications of an instance."""

from __future__ import annotations

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


class ClerkTokenVerifier(OpaqueTokenVerifier):
    """Asks the Clerk instance at `domain` about a token, and who its user is.

    With a `client_id` the token must have been issued to it; `client_secret` is the instance shown
    for an answer.
    """

    provider_name = "Clerk"

    def __init__(
        self,
        *,
        domain: str,
        client_id: str | None = None,
        client_secret: str | None = None,
        **options: Unpack[VerifierOptions],
    ) -> None:
        super().__init__(**options)
        self.domain: str = _host(domain)
        self._client_id = client_id
        self._client_secret = client_secret

    async def look_up(self, token: str) -> AccessToken | None:
        info = await self._introspected(token)
        if info is None:
            return None
        audience = info.get("aud") or info.get("client_id")
        issued_to = granted_scopes(audience)
        if self._client_id is not None and self._client_id not in issued_to:
            return None
        user = await self._user(token)
        subject = text_of(info.get("sub")) or text_of(user.get("sub"))
        if subject is None:
            return None
        return AccessToken(
            token=token,
            client_id=self._client_id or next(iter(issued_to), subject),
            scopes=granted_scopes(info.get("scope")),
            expires_at=number_of(info.get("exp")),
            subject=subject,
            claims={
                "sub": subject,
                "aud": audience,
                **claims_of(user, "email", "email_verified", "name", "picture"),
                **claims_of(user, "given_name", "family_name", "preferred_username", "iss"),
                "clerk_user_data": user or None,
            },
        )

    async def _introspected(self, token: str) -> dict[str, Any] | None:
        """What is known of a token that is valid (RFC 7662)."""
        sent: dict[str, Any] = {"data": {"token": token}}
        if self._client_id and self._client_secret:
            sent["auth"] = (self._client_id, self._client_secret)
        elif self._client_id:
            sent["data"]["client_id"] = self._client_id
        # A refusal here is of us, and says nothing about the token.
        answer = await self.authority.ask(
            f"https://{self.domain}/oauth/token_info", method="POST", refusals=(), **sent
        )
        assert answer is not None
        return answer.document if answer.document.get("active") is True else None

    async def _user(self, token: str) -> dict[str, Any]:
        """What is known of the user beside who they are."""
        try:
            answer = await self.authority.ask(f"https://{self.domain}/oauth/userinfo", token)
        except AuthorityUnavailable:
            return {}
        return {} if answer is None else answer.document


def _host(domain: str) -> str:
    return domain.removeprefix("https://").rstrip("/")


class ClerkProvider(OAuthProxy):
    """Signs users in by an OAuth application of the Clerk instance at `domain`; `required_scopes`
    are `["openid", "email", "profile"]` by default.

    A public application has no `client_secret`; `jwt_signing_key` is needed then.
    """

    def __init__(
        self,
        *,
        domain: str,
        client_id: str,
        client_secret: str | None = None,
        base_url: Any,
        **options: Unpack[OpaqueProxyOptions],
    ) -> None:
        verifying, proxying = divided(options, ["openid", "email", "profile"])
        super().__init__(
            upstream_authorization_endpoint=f"https://{_host(domain)}/oauth/authorize",
            upstream_token_endpoint=f"https://{_host(domain)}/oauth/token",
            upstream_client_id=client_id,
            upstream_client_secret=client_secret,
            token_verifier=ClerkTokenVerifier(
                domain=domain, client_id=client_id, client_secret=client_secret, **verifying
            ),
            base_url=base_url,
            **proxying,
        )
