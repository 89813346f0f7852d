"""Where an issuer that the configuration trusts has its keys."""

from __future__ import annotations

from msgspec import MsgspecError, Struct, json

from fastmcp._fetching.bounded import BoundedClient
from fastmcp._fetching.errors import FetchError
from fastmcp._oauth.locations import OPENID_CONFIGURATION, authorization_server_url


class _Metadata(Struct):
    issuer: str
    jwks_uri: str


async def jwks_uri_of(issuer: str, client: BoundedClient) -> str:
    """The URL of an issuer's keys, by its own documents (OpenID Connect Discovery, RFC 8414).

    Raises:
        FetchError: it has none, or one of another issuer.
    """
    places = (issuer.rstrip("/") + OPENID_CONFIGURATION, authorization_server_url(issuer))
    for place in places:
        fetched = await client.request("GET", place)
        if fetched.status_code != 200:
            continue
        try:
            metadata = json.decode(fetched.content, type=_Metadata)
        except (MsgspecError, ValueError, RecursionError):
            raise FetchError(f"what is at {place} has no jwks_uri") from None
        if metadata.issuer != issuer:
            raise FetchError(f"what is at {place} is of another issuer")
        return metadata.jwks_uri
    raise FetchError(f"there is nothing at {' or '.join(places)}")
