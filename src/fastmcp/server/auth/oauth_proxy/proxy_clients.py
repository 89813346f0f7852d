"""ProxyClients: who may ask for tokens of a proxy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastmcp.exceptions import RegistrationError

from ..cimd import CIMDClientManager
from ..oauth.assertions import SeenAssertions
from ..redirect_validation import DEFAULT_LOCALHOST_PATTERNS, validate_redirect_uri
from ..storage import OAuthStorage, Shelf
from .models import ProxyDCRClient

# A client that registered itself and whose users never went further is forgotten, in seconds.
UNUSED_CLIENT = 24 * 3600.0
USED_CLIENT = 400 * 24 * 3600.0


class ProxyClients:
    """Clients that registered themselves, or are known by the URL of their metadata, or say the id
    that the server itself has upstream.

    Redirect URIs match one of the `patterns`, None for all. `asks` is whether users are asked
    before they are sent anywhere.
    """

    def __init__(
        self,
        storage: OAuthStorage,
        upstream_client_id: str,
        patterns: list[str] | None,
        *,
        asks: bool,
        by_url: bool,
        scopes: Sequence[str],
    ) -> None:
        self._kept: Shelf[ProxyDCRClient] = storage.shelf("proxy-clients", ProxyDCRClient)
        self._upstream_client_id = upstream_client_id
        self._patterns = patterns
        self._asks = asks
        self.manager: CIMDClientManager | None = None
        if by_url:
            self.manager = CIMDClientManager(
                allowed_redirect_uri_patterns=patterns,
                seen=SeenAssertions(storage.shelf("seen-assertions", bool)),
            )
        self.have(scopes)

    def have(self, scopes: Sequence[str]) -> None:
        """Have clients be given these scopes that name none."""
        self._scope = " ".join(scopes) or None
        if self.manager is not None:
            self.manager.default_scope = self._scope or ""

    async def get(self, client_id: str) -> Any | None:
        """The client of an id; None if there is none."""
        if self.manager is not None and self.manager.is_cimd_client_id(client_id):
            return await self.manager.get_client(client_id)
        found = await self._kept.get(client_id)
        if found is not None:
            found.allowed_redirect_uri_patterns = self._patterns
            return found
        return self._nobody() if client_id == self._upstream_client_id else None

    def _nobody(self) -> ProxyDCRClient:
        """A client that says the id of the server itself. Where its users are sent they approve;
        where nobody asks them, it is to their own machine, unless patterns say more.
        """
        patterns = self._patterns
        if patterns is None and not self._asks:
            patterns = DEFAULT_LOCALHOST_PATTERNS
        return ProxyDCRClient(
            client_id=self._upstream_client_id,
            redirect_uris=["http://localhost"],
            scope=self._scope,
            token_endpoint_auth_method="none",
            allowed_redirect_uri_patterns=patterns,
            allow_unregistered_redirect_uris=True,
        )

    async def register(self, given: Any, also_granted: Sequence[str]) -> None:
        """Keep a client, which gets no secret: it could not keep one, and needs none here.

        Raises:
            RegistrationError: its users may not be sent where it says.
        """
        for uri in given.redirect_uris or ():
            if not validate_redirect_uri(uri, self._patterns):
                raise RegistrationError(
                    "invalid_redirect_uri", "A redirect URI is refused: it is not allowed here"
                )
        given.token_endpoint_auth_method = "none"
        given.client_secret = None
        given.client_secret_expires_at = None
        given.grant_types = list(dict.fromkeys([*given.grant_types, *also_granted]))
        client = ProxyDCRClient.model_validate(given)
        client.scope = client.scope or self._scope
        await self._kept.put(client.client_id, client, UNUSED_CLIENT)

    async def used(self, client_id: str) -> None:
        """A user of a client goes further: it is kept."""
        known = await self._kept.get(client_id)
        if known is not None:
            await self._kept.swap(client_id, known, known, USED_CLIENT)
