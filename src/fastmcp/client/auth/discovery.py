"""Finding whom to ask for a token (PROTOCOL 6.4, steps 1 to 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec
from msgspec import Struct

from fastmcp._oauth.documents import Document, OAuthMetadata, ProtectedResourceMetadata
from fastmcp._oauth.locations import (
    AUTHORIZATION_SERVER,
    OPENID_CONFIGURATION,
    PROTECTED_RESOURCE,
    origin_of,
    path_of,
)
from fastmcp.exceptions import OAuthFlowError

from .exchange import Flow, document_at, plain, read_object, shown
from .places import canonical, checked, covers, is_same_issuer

D = TypeVar("D", bound=Document)


class Found(Struct, frozen=True):
    """What is known of a server: the `resource` that tokens are for, and who gives them. A server
    of 2025-03-26 has no `resource_metadata`, and its tokens are for nothing that is named.
    """

    resource: str
    metadata: OAuthMetadata
    resource_metadata: ProtectedResourceMetadata | None = None
    names_resource: bool = True

    @property
    def issuer(self) -> str:
        """Who gives tokens."""
        return self.metadata.issuer


def discover(server_url: str, parameters: dict[str, str], issuer: str | None = None) -> Flow[Found]:
    """Find who gives tokens for a server, by what the `parameters` of its challenge say. Given an
    `issuer`, nobody else is accepted.

    Raises:
        OAuthFlowError: nobody does, or what is said about it cannot be trusted.
    """
    resource = yield from _resource_metadata(server_url, parameters)
    if resource is None:
        if issuer is not None:
            metadata = yield from issuer_metadata(issuer, server_url)
        else:
            metadata = yield from metadata_of_2025_03_26(server_url)
        return Found(canonical(server_url), metadata, names_resource=issuer is not None)
    metadata = yield from issuer_metadata(_chosen(resource, issuer, server_url), server_url)
    return Found(resource.resource, metadata, resource)


def issuer_metadata(issuer: str, server_url: str) -> Flow[OAuthMetadata]:
    """The metadata of an authorization server, which has to call itself by the very name that it
    was found by (RFC 8414 section 3.3).

    Raises:
        OAuthFlowError: there are none, or those of somebody else.
    """
    checked(issuer, "issuer", server_url)
    for url in _places_of(issuer):
        found = yield from _document(url, OAuthMetadata)
        if found is not None:
            if found.issuer != issuer:
                raise OAuthFlowError(
                    f"The metadata at {shown(url)} are of the issuer {plain(found.issuer)!r}, but "
                    f"those of {plain(issuer)!r} were asked for"
                )
            return found
    raise OAuthFlowError(
        f"The authorization server {plain(issuer)} has no metadata; looked at "
        + ", ".join(map(shown, _places_of(issuer)))
    )


def metadata_of_2025_03_26(server_url: str) -> Flow[OAuthMetadata]:
    """Those of a server of that revision, which is its own authorization server: at the place that
    it had for them, or else what that revision says where there are none.

    Raises:
        OAuthFlowError: they are of somebody else.
    """
    base = origin_of(canonical(server_url))
    url = base + AUTHORIZATION_SERVER
    found = yield from _document(url, OAuthMetadata)
    if found is None:
        return _known_places(base)
    if not covers(base, found.issuer):
        raise OAuthFlowError(
            f"The metadata at {shown(url)} are of the issuer {plain(found.issuer)!r}, which is not "
            "who they were asked of"
        )
    return found


def require_pkce(metadata: OAuthMetadata) -> None:
    """See that a stolen code would be of no use.

    Raises:
        OAuthFlowError: the authorization server does not say that it checks S256.
    """
    if "S256" not in (metadata.code_challenge_methods_supported or ()):
        raise OAuthFlowError(
            f"The authorization server {plain(metadata.issuer)} does not list S256 in "
            "code_challenge_methods_supported, and without PKCE no code may be asked for"
        )


def _resource_metadata(
    server_url: str, parameters: dict[str, str]
) -> Flow[ProtectedResourceMetadata | None]:
    pointed = parameters.get("resource_metadata")
    places = [] if pointed is None else [checked(pointed, "resource_metadata", server_url)]
    base, path = origin_of(canonical(server_url)), path_of(server_url)
    places += [base + PROTECTED_RESOURCE + path, base + PROTECTED_RESOURCE]
    for url in dict.fromkeys(places):
        found = yield from _document(url, ProtectedResourceMetadata)
        if found is None:
            continue
        if not covers(found.resource, server_url):
            raise OAuthFlowError(
                f"The metadata at {shown(url)} are of {plain(found.resource)!r}, which is "
                f"not the server at {shown(server_url)}; no token is asked for"
            )
        return found
    return None


def _chosen(resource: ProtectedResourceMetadata, issuer: str | None, server_url: str) -> str:
    named = resource.authorization_servers or []
    if not named:
        raise OAuthFlowError(f"The metadata of {shown(server_url)} name no authorization server")
    if issuer is None:
        return named[0]
    for name in named:
        if is_same_issuer(name, issuer):
            return name
    raise OAuthFlowError(
        f"The server at {shown(server_url)} wants tokens of {plain(', '.join(named))}, but the "
        f"credentials of this client are those of {plain(issuer)}, and are sent to nobody else"
    )


def _known_places(base: str) -> OAuthMetadata:
    return OAuthMetadata(
        issuer=base,
        authorization_endpoint=f"{base}/authorize",
        token_endpoint=f"{base}/token",
        registration_endpoint=f"{base}/register",
        code_challenge_methods_supported=["S256"],  # that revision demands it of all
    )


def _places_of(issuer: str) -> Iterator[str]:
    base, path = origin_of(issuer), path_of(issuer)
    yield base + AUTHORIZATION_SERVER + path
    yield base + OPENID_CONFIGURATION + path
    if path:
        yield base + path + OPENID_CONFIGURATION


def _document(url: str, kind: type[D]) -> Flow[D | None]:
    """The document at a place, None where there is none.

    Raises:
        OAuthFlowError: it cannot be told, or it is malformed.
    """
    reply = yield document_at(url)
    if reply.status == 429 or reply.status >= 500:
        raise OAuthFlowError(f"The document at {shown(url)} cannot be read now: {reply.status}")
    found = read_object(reply) if reply.status == 200 else None
    if found is None:
        return None
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise OAuthFlowError(f"The document at {shown(url)} is malformed: {error}") from None


def endpoint(metadata: OAuthMetadata, name: str, server_url: str) -> str:
    """The URL of an endpoint of the authorization server.

    Raises:
        OAuthFlowError: it has none of that kind, or not one to go to.
    """
    url = getattr(metadata, f"{name}_endpoint")
    if url is None:
        raise OAuthFlowError(
            f"The authorization server {plain(metadata.issuer)} has no {name}_endpoint"
        )
    return checked(url, f"{name}_endpoint of {shown(metadata.issuer)}", server_url)
