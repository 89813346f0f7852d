"""What of an authorization server is on."""

from __future__ import annotations

from fastmcp.wire.model import Model


class ClientRegistrationOptions(Model, rename=None):
    """Dynamic registration of clients (RFC 7591), off by default.

    Clients may have `valid_scopes`, all that they ask for if that is None, and have
    `default_scopes` if they ask for none. Their secrets last `client_secret_expiry_seconds`.
    """

    enabled: bool = False
    client_secret_expiry_seconds: int | None = None
    valid_scopes: list[str] | None = None
    default_scopes: list[str] | None = None


class RevocationOptions(Model, rename=None):
    """Revocation of tokens by their clients (RFC 7009), off by default."""

    enabled: bool = False
