"""OAuthContext: what a client has learned of its server."""

from __future__ import annotations

import time

from msgspec import Struct

from fastmcp._oauth.documents import (
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthMetadata,
    OAuthToken,
    ProtectedResourceMetadata,
)

from .token_storage import StoredToken


class OAuthContext(Struct):
    """What a client has learned of its server. It is for reading."""

    server_url: str
    client_metadata: OAuthClientMetadata
    protected_resource_metadata: ProtectedResourceMetadata | None = None
    oauth_metadata: OAuthMetadata | None = None
    client_info: OAuthClientInformationFull | None = None
    stored: StoredToken | None = None

    @property
    def auth_server_url(self) -> str | None:
        """The issuer of its tokens."""
        return None if self.oauth_metadata is None else self.oauth_metadata.issuer

    @property
    def current_tokens(self) -> OAuthToken | None:
        """The token that goes with requests."""
        return None if self.stored is None else self.stored.token

    @property
    def token_expiry_time(self) -> float | None:
        """When that expires, in seconds since 1970."""
        return None if self.stored is None else self.stored.expires_at

    def is_token_valid(self) -> bool:
        """Whether there is one that has not expired."""
        end = self.token_expiry_time
        return self.stored is not None and (end is None or time.time() < end)
