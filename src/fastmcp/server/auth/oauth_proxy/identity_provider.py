"""IdentityProvider: the server upstream, as a proxy asks it for tokens."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

from fastmcp.exceptions import AuthorityUnavailable

from .models import OAuthTransaction
from .proxied import Proxied
from .upstream import UpstreamRefusal

logger: Final = logging.getLogger("fastmcp.server.auth.proxy")

# The user has to sign in again: by RFC 6749, by OpenID Connect, and by GitHub.
_SIGN_IN_AGAIN = frozenset(
    {
        "invalid_grant",
        "login_required",
        "interaction_required",
        "consent_required",
        "bad_refresh_token",
    }
)


class IdentityProvider:
    """Asks by the client that the proxy makes. What is raised says nothing of its answers but
    their error codes, which are for logs.
    """

    def __init__(self, proxy: Proxied) -> None:
        self._proxy = proxy

    @property
    def callback_url(self) -> str:
        """Where it sends users back to."""
        return f"{self._proxy.base_url}{self._proxy._redirect_path}"

    async def tokens_for_code(self, code: str, transaction: OAuthTransaction) -> dict[str, Any]:
        """The tokens for a code.

        Raises:
            UpstreamRefusal: there are none.
            AuthorityUnavailable: that cannot be told now.
        """
        proxy = self._proxy
        scopes = proxy._prepare_scopes_for_token_exchange(transaction.scopes)
        asked: dict[str, Any] = {"code": code, "redirect_uri": self.callback_url}
        if transaction.proxy_code_verifier:
            asked["code_verifier"] = transaction.proxy_code_verifier
        if scopes:
            asked["scope"] = " ".join(scopes)
        asked.update(proxy._extra_token_params)
        async with self._client() as client:
            return await client.fetch_token(url=proxy._upstream_token_endpoint, **asked)

    async def refreshed(self, refresh_token: str, scopes: list[str]) -> dict[str, Any]:
        """Newer tokens.

        Raises:
            UpstreamRefusal: the user has to sign in again.
            AuthorityUnavailable: that cannot be told now.
        """
        proxy = self._proxy
        asked = proxy._prepare_scopes_for_upstream_refresh(scopes)
        try:
            async with self._client() as client:
                return await client.refresh_token(
                    url=proxy._upstream_token_endpoint,
                    refresh_token=refresh_token,
                    scope=" ".join(asked) if asked else None,
                    **proxy._extra_token_params,
                )
        except UpstreamRefusal as refusal:
            if refusal.error in _SIGN_IN_AGAIN:
                raise
            # Such as `invalid_client`: it is not the user's fault, who stays signed in.
            raise AuthorityUnavailable(
                f"The identity provider refuses to refresh tokens: {refusal.error}"
            ) from refusal

    async def revoke(self, token: str, kind: str) -> None:
        """End a token there as well, if that can be done."""
        url = self._proxy._upstream_revocation_endpoint
        if url is None:
            return
        try:
            async with self._client() as client:
                if hasattr(client, "post"):
                    await client.post(url, {"token": token, "token_type_hint": kind})
        except (UpstreamRefusal, AuthorityUnavailable) as error:
            logger.warning("A token was not revoked at the identity provider: %s", error)

    @asynccontextmanager
    async def _client(self) -> AsyncGenerator[Any]:
        """A client for one request; a subclass of the user's may make any of the same shape."""
        client = self._proxy._create_upstream_oauth_client()
        try:
            yield client
        except (UpstreamRefusal, AuthorityUnavailable):
            raise
        except Exception as error:
            if isinstance(code := getattr(error, "error", None), str):
                raise UpstreamRefusal(code[:100]) from None
            raise AuthorityUnavailable(
                f"The identity provider cannot be asked: {type(error).__name__}"
            ) from error
        finally:
            await client.aclose()
