"""Where the identity provider is."""

from __future__ import annotations

from msgspec import Struct


class Endpoints(Struct, frozen=True):
    """The URLs that are asked, and the issuer that it names itself, where that is known."""

    authorization: str
    token: str
    revocation: str | None = None
    issuer: str | None = None
