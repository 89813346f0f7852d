"""Tokens for assertions of others (RFC 7523 section 2.1): of a platform that knows a workload, or
of an enterprise's identity provider that lets its users in (ID-JAG).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from fastmcp._oauth.documents import OAuthClientInformationFull
from fastmcp._runtime.key_value import KeyValueStore
from fastmcp.exceptions import ConfigurationError, OAuthTokenError

from .client_credentials import MachineOAuthProvider, secret_client
from .discovery import Found, endpoint, issuer_metadata
from .exchange import shown
from .places import checked
from .sending import Sending
from .token_requests import JWT_BEARER, TOKEN_EXCHANGE, ask_for_token

GrantProvider: TypeAlias = Callable[[str, str], Awaitable[str]]
"""Gives an assertion for an audience (the issuer of the authorization server) and a resource."""

ID_JAG = "urn:ietf:params:oauth:token-type:id-jag"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"


class IdentityAssertionOAuthProvider(MachineOAuthProvider):
    """Gets tokens for what `assertion_provider` gives, which is told the issuer of the
    authorization server and the resource: an ID-JAG (see `IdentityProvider`), or what a platform
    says of a workload. `issuer` is the only authorization server that it is sent to; without it,
    that is the first one that the MCP server names.
    """

    def __init__(
        self,
        mcp_url: str | None = None,
        *,
        assertion_provider: GrantProvider,
        client_id: str | None = None,
        client_secret: str | None = None,
        token_endpoint_auth_method: str = "client_secret_post",
        scopes: str | list[str] | None = None,
        issuer: str | None = None,
        token_storage: KeyValueStore | None = None,
        httpx_client_factory: Callable[..., Any] | None = None,
    ) -> None:
        self._assertion_provider = assertion_provider
        super().__init__(
            mcp_url,
            _client(client_id, client_secret, token_endpoint_auth_method),
            grant_type=JWT_BEARER,
            scopes=scopes,
            issuer=issuer,
            token_storage=token_storage,
            httpx_client_factory=httpx_client_factory,
        )

    async def _grant(self, found: Found) -> dict[str, str]:
        return {"assertion": await self._assertion_provider(found.issuer, found.resource)}


class IdentityProvider:
    """An enterprise's identity provider, which exchanges what it says of a person for what another
    authorization server takes, an ID-JAG (RFC 8693): the `assertion_provider` of an
    `IdentityAssertionOAuthProvider`.

    `subject_token` is the person's ID token, or a function that gets a fresh one. The provider is
    told by its `token_endpoint`, or by its `issuer`, whose metadata name that.
    """

    def __init__(
        self,
        *,
        subject_token: str | Callable[[], Awaitable[str]],
        client_id: str,
        client_secret: str | None = None,
        issuer: str | None = None,
        token_endpoint: str | None = None,
        subject_token_type: str = ID_TOKEN,
        token_endpoint_auth_method: str = "client_secret_post",
        scopes: str | None = None,
        httpx_client_factory: Callable[..., Any] | None = None,
    ) -> None:
        self._place = token_endpoint or issuer
        if self._place is None:
            raise ConfigurationError("IdentityProvider needs its token_endpoint= or its issuer=")
        checked(self._place, "identity provider", self._place)
        self._issuer = None if token_endpoint is not None else issuer
        self._subject_token = subject_token
        self._subject_token_type = subject_token_type
        self._client = _client(client_id, client_secret, token_endpoint_auth_method)
        self._scopes = scopes
        self._sending = Sending(self._place, factory=httpx_client_factory)

    def __repr__(self) -> str:
        return f"IdentityProvider({shown(self._place or '')!r})"

    async def __call__(self, audience: str, resource: str) -> str:
        """An ID-JAG for an authorization server and a resource.

        Raises:
            OAuthFlowError: the identity provider gives none.
        """
        token = self._subject_token
        subject = token if isinstance(token, str) else await token()
        url = await self._token_endpoint()
        members = {
            "grant_type": TOKEN_EXCHANGE,
            "requested_token_type": ID_JAG,
            "audience": audience,
            "resource": resource,
            "subject_token": subject,
            "subject_token_type": self._subject_token_type,
            "scope": self._scopes,
        }
        flow = ask_for_token(url, self._client, members, types=("n_a",))
        given = await self._sending.run(flow)
        if given.issued_token_type not in (None, ID_JAG):
            raise OAuthTokenError(f"{shown(url)} gave something else than an ID-JAG")
        return given.access_token

    async def _token_endpoint(self) -> str:
        assert self._place is not None
        if self._issuer is None:
            return self._place
        metadata = await self._sending.run(issuer_metadata(self._issuer, self._issuer))
        return endpoint(metadata, "token", self._issuer)


def _client(
    client_id: str | None, client_secret: str | None, method: str
) -> OAuthClientInformationFull | None:
    if client_id is None:
        return None
    if client_secret is None:
        return OAuthClientInformationFull(client_id=client_id, token_endpoint_auth_method="none")
    return secret_client(client_id, client_secret, method)
