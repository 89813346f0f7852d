"""What is kept of codes and tokens: all that came of one consent are a family, and end with it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from fastmcp._oauth.documents import OAuthToken

from ..access_token import AccessToken
from .grants import AuthorizationCode, RefreshToken


class KeptCode(AuthorizationCode):
    """A code, whose text is the key that it is kept by alone; `claims` are of the user."""

    family: str = ""
    claims: dict[str, Any] = field(default_factory=dict[str, Any])


class KeptRefreshToken(RefreshToken):
    """A refresh token, as a code is kept."""

    family: str = ""
    claims: dict[str, Any] = field(default_factory=dict[str, Any])


class KeptAccessToken(AccessToken):
    """An access token, as a code is kept."""

    family: str = ""


class Family(Struct, frozen=True):
    """There as long as what belongs to it is good; `redeemed` once the code was exchanged."""

    client_id: str
    redeemed: bool = False


class SpentCode(Struct, frozen=True):
    """A code that was exchanged before."""

    family: str


class SpentRefreshToken(Struct, frozen=True):
    """A refresh token that was exchanged at a time, for `answer`, with these scopes."""

    token: KeptRefreshToken
    at: float
    scopes: list[str]
    answer: OAuthToken


def grant_of(kept: Any) -> KeptRefreshToken:
    """What a code or refresh token stands for; others may have put one there that is of no family
    and knows nothing of its user.
    """
    return KeptRefreshToken(
        token="",
        client_id=kept.client_id,
        scopes=list(kept.scopes),
        expires_at=getattr(kept, "expires_at", None),
        resource=kept.resource,
        subject=kept.subject,
        family=getattr(kept, "family", ""),
        claims=getattr(kept, "claims", None) or {},
    )
