"""InMemoryOAuthProvider: an authorization server for tests, which says yes to everybody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from fastmcp._oauth.documents import OAuthClientInformationFull
from fastmcp.exceptions import AuthorizeError, RegistrationError

from ..access_token import AccessToken
from ..oauth.grants import AuthorizationCode, AuthorizationParams, RefreshToken
from ..oauth.issuer import Lifetimes
from ..oauth.issuing_provider import IssuingProvider
from ..oauth.redirects import construct_redirect_uri
from ..oauth.shelves import DictShelf, Shelves

__all__ = ["InMemoryOAuthProvider"]

DEFAULT_AUTH_CODE_EXPIRY_SECONDS = 5 * 60
DEFAULT_ACCESS_TOKEN_EXPIRY_SECONDS = 60 * 60
DEFAULT_REFRESH_TOKEN_EXPIRY_SECONDS = None
_MOST_CLIENTS = 10_000


class InMemoryOAuthProvider(IssuingProvider):
    """Gives codes to every client without asking anybody, and keeps everything in memory.

    What it keeps can be looked into, and added to: `clients` by their ids, `auth_codes`,
    `access_tokens` and `refresh_tokens` by themselves.
    """

    def __init__(
        self,
        base_url: Any = None,
        resource_base_url: Any = None,
        service_documentation_url: Any = None,
        client_registration_options: Any = None,
        revocation_options: Any = None,
        required_scopes: Iterable[str] | str | None = None,
        *,
        issuer_url: Any = None,
        clock: Callable[[], float] = time.time,
        **options: Any,
    ) -> None:
        self.clients: dict[str, OAuthClientInformationFull] = {}
        self.auth_codes: dict[str, AuthorizationCode] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        shelves: Any = Shelves(
            clients=DictShelf(self.clients, clock, _MOST_CLIENTS),
            codes=DictShelf[Any](self.auth_codes, clock),
            spent_codes=DictShelf({}, clock),
            access_tokens=DictShelf[Any](self.access_tokens, clock),
            refresh_tokens=DictShelf[Any](self.refresh_tokens, clock),
            spent_refresh_tokens=DictShelf({}, clock),
            families=DictShelf({}, clock),
        )
        lifetimes = Lifetimes(
            code=DEFAULT_AUTH_CODE_EXPIRY_SECONDS,
            access_token=DEFAULT_ACCESS_TOKEN_EXPIRY_SECONDS,
            refresh_token=DEFAULT_REFRESH_TOKEN_EXPIRY_SECONDS,
        )
        super().__init__(
            lambda: shelves,
            lifetimes=lifetimes,
            hash_secrets=False,
            clock=clock,
            base_url=base_url or "http://fastmcp.example.com",
            resource_base_url=resource_base_url,
            issuer_url=issuer_url,
            service_documentation_url=service_documentation_url,
            client_registration_options=client_registration_options,
            revocation_options=revocation_options,
            required_scopes=required_scopes,
            **options,
        )

    def registrable_scopes(self, asked: list[str]) -> list[str]:
        """All of them: nobody is protected by it."""
        return asked

    async def register_client(self, client_info: Any) -> None:
        valid = self.registration.valid_scopes
        unknown = set((client_info.scope or "").split()) - set(valid or ())
        if valid is not None and unknown:
            text = f"Requested scopes are not valid: {', '.join(sorted(unknown))}"
            raise RegistrationError("invalid_client_metadata", text)
        await super().register_client(client_info)

    async def authorize(self, client: Any, params: AuthorizationParams) -> str:
        """Back to the client, with a code for the scopes that it asked for.

        Raises:
            AuthorizeError: it is not registered.
        """
        if await self.get_client(client.client_id) is None:
            raise AuthorizeError("unauthorized_client", "The client is not registered")
        scopes = self.default_scopes(client) if params.scopes is None else params.scopes
        code = await self.issue_code(client, params, scopes)
        return construct_redirect_uri(
            params.redirect_uri, code=code, state=params.state, iss=self.issuer_url
        )
