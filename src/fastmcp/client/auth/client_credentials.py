"""Tokens for machines, which are who they are without a person (client_credentials)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from fastmcp._oauth.documents import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from fastmcp._runtime.key_value import KeyValueStore
from fastmcp.exceptions import ConfigurationError

from .assertions import AssertionProvider, SignedJWTParameters, static_assertion_provider
from .discovery import Found, endpoint
from .provider import OAuthClientProvider
from .scopes import as_text
from .token_requests import ask_for_token

__all__ = [
    "ClientCredentialsOAuthProvider",
    "PrivateKeyJWTOAuthProvider",
    "SignedJWTParameters",
    "static_assertion_provider",
]


class MachineOAuthProvider(OAuthClientProvider):
    """What machines have in common: nobody has to be asked, and they are known already.

    Without `issuer=`, credentials belong to the authorization server that they were first used
    with; which one that is, the MCP server says. Name it where you can.
    """

    unattended = True

    def __init__(
        self,
        mcp_url: str | None,
        client: OAuthClientInformationFull | None,
        *,
        grant_type: str,
        scopes: str | list[str] | None,
        issuer: str | None,
        token_storage: KeyValueStore | None,
        httpx_client_factory: Callable[..., Any] | None,
    ) -> None:
        self._client = client
        self._grant_type = grant_type
        scope = as_text(scopes)
        name = "" if client is None else client.client_id
        super().__init__(
            mcp_url,
            scopes=scopes,
            client_metadata=OAuthClientMetadata(grant_types=[grant_type], scope=scope),
            token_storage=token_storage,
            issuer=issuer,
            httpx_client_factory=httpx_client_factory,
            identity=_digest(name, scope, issuer, grant_type),
        )

    async def _obtain(self, found: Found, scope: str | None) -> tuple[OAuthToken, str | None]:
        url = endpoint(found.metadata, "token", self.mcp_url)
        bound = None
        if self._issuer is None:
            bound = await self.token_storage_adapter.binding()
            self._only_for(found.issuer, bound)
        self.context.client_info = self._client
        members = {
            "grant_type": self._grant_type,
            "resource": found.resource if found.names_resource else None,
            "scope": scope,
            **await self._grant(found),
        }
        assertion = await self._assertion(found)
        if self._issuer is None and bound is None:
            await self.token_storage_adapter.bind(found.issuer)
        flow = ask_for_token(url, self._client, members, assertion=assertion, dpop=self._dpop)
        return await self._sending.run(flow), scope

    async def _assertion(self, found: Found) -> str | None:
        """What says who the client is, if that is not its secret."""
        return None

    async def _grant(self, found: Found) -> dict[str, str]:
        """What the token is asked for by, besides."""
        return {}


class ClientCredentialsOAuthProvider(MachineOAuthProvider):
    """Gets tokens by the id and the secret of a client that the authorization server knows.

    `issuer` is the authorization server that they are of, and are only ever sent to.
    """

    def __init__(
        self,
        mcp_url: str | None = None,
        *,
        client_id: str,
        client_secret: str,
        scopes: str | list[str] | None = None,
        token_endpoint_auth_method: Literal[
            "client_secret_basic", "client_secret_post"
        ] = "client_secret_basic",
        issuer: str | None = None,
        token_storage: KeyValueStore | None = None,
        httpx_client_factory: Callable[..., Any] | None = None,
    ) -> None:
        super().__init__(
            mcp_url,
            secret_client(client_id, client_secret, token_endpoint_auth_method),
            grant_type="client_credentials",
            scopes=scopes,
            issuer=issuer,
            token_storage=token_storage,
            httpx_client_factory=httpx_client_factory,
        )


class PrivateKeyJWTOAuthProvider(MachineOAuthProvider):
    """Gets tokens by assertions that a private key has signed, or a platform gives.

    `assertion_provider` is given the issuer of the authorization server, the audience of what it
    gives: `SignedJWTParameters(...).create_assertion_provider()`, `static_assertion_provider(...)`,
    or a function of your own. `issuer` is the only one that it is asked for.
    """

    def __init__(
        self,
        mcp_url: str | None = None,
        *,
        client_id: str,
        assertion_provider: AssertionProvider,
        scopes: str | list[str] | None = None,
        issuer: str | None = None,
        token_storage: KeyValueStore | None = None,
        httpx_client_factory: Callable[..., Any] | None = None,
    ) -> None:
        self._assertion_provider = assertion_provider
        super().__init__(
            mcp_url,
            OAuthClientInformationFull(
                client_id=client_id, token_endpoint_auth_method="private_key_jwt"
            ),
            grant_type="client_credentials",
            scopes=scopes,
            issuer=issuer,
            token_storage=token_storage,
            httpx_client_factory=httpx_client_factory,
        )

    async def _assertion(self, found: Found) -> str | None:
        return await self._assertion_provider(found.issuer)


def secret_client(client_id: str, client_secret: str, method: str) -> OAuthClientInformationFull:
    """A client that is known by its secret.

    Raises:
        ConfigurationError: it has none, or that is no way to show it.
    """
    if not client_id or not client_secret:
        raise ConfigurationError(
            "client_id and client_secret are both needed; are the variables set that hold them?"
        )
    if method not in ("client_secret_basic", "client_secret_post"):
        raise ConfigurationError(
            f"token_endpoint_auth_method={method!r}: it is client_secret_basic or "
            "client_secret_post"
        )
    return OAuthClientInformationFull(
        client_id=client_id, client_secret=client_secret, token_endpoint_auth_method=method
    )


def _digest(*parts: str | None) -> str:
    """Which clients share their tokens in a store: those with the same identity."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
