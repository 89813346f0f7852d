"""The metadata of the protected resource (RFC 9728)."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from fastmcp._oauth.documents import ProtectedResourceMetadata
from fastmcp._oauth.locations import AUTHORIZATION_SERVER, PROTECTED_RESOURCE, origin_of, path_of
from fastmcp.client.auth.exchange import plain, shown
from fastmcp.client.auth.places import canonical, checked, covers
from fastmcp.exceptions import OAuthFlowError

from .asking import Asking, Read
from .report import Report

STEP = "Protected resource metadata"


async def resource_metadata(
    url: str, parameters: dict[str, str], asking: Asking, report: Report
) -> ProtectedResourceMetadata | None:
    """The metadata of the server, if there are any to go on with."""
    read = await _found(url, parameters.get("resource_metadata"), asking, report)
    if read is None:
        return None
    try:
        metadata = read.as_a(ProtectedResourceMetadata)
    except msgspec.ValidationError as error:
        report.error(STEP, f"{shown(read.url)} is malformed: {error}", "see RFC 9728 section 2")
        return None
    report.ok(STEP, f"found at {shown(read.url)}")
    if not await asking.is_readable_for_pages(read.url):
        report.warn(
            STEP,
            "pages of other origins may not read it (CORS): clients in a browser do not find out "
            "whom to ask",
            "send Access-Control-Allow-Origin: * with it",
        )
    _judge_resource(url, metadata, report)
    _judge_scopes(parameters, metadata, report)
    if "header" not in (metadata.bearer_methods_supported or ["header"]):
        report.error(
            STEP,
            "bearer_methods_supported does not have header, and MCP has no other way",
            'say ["header"], or leave it out',
        )
    return metadata


async def is_without_metadata(url: str, asking: Asking) -> bool:
    """Whether there is nothing by which a client could sign in, in any revision."""
    places = [*_usual_places(url), origin_of(canonical(url)) + AUTHORIZATION_SERVER]
    return all([(await asking.read(place)).absent for place in places])


def _usual_places(url: str) -> list[str]:
    base = origin_of(canonical(url)) + PROTECTED_RESOURCE
    return [base + path_of(url), base]


async def _found(url: str, pointed: str | None, asking: Asking, report: Report) -> Read | None:
    """The first place that has something, as clients look."""
    named = [] if pointed is None else [pointed]
    places = dict.fromkeys([*named, *_usual_places(url)])
    for place in places:
        read = await asking.read(place)
        if read.members is not None:
            return read
        instead = read.instead or ""
        if not read.absent:
            report.error(STEP, instead, "clients go no further until it can be read")
            return None
        if place == pointed:
            report.error(
                STEP,
                f"{instead}, although the challenge points there",
                "serve it there: where the server is mounted in an application, the routes of "
                "get_well_known_routes() belong to the root of the host",
            )
    report.error(
        STEP,
        f"there is none; looked at {', '.join(map(shown, places))}",
        "serve it (FastMCP does where base_url of the provider is given); without it only clients "
        "of 2025-03-26 know whom to ask for a token",
    )
    return None


def _judge_resource(url: str, metadata: ProtectedResourceMetadata, report: Report) -> None:
    resource = plain(metadata.resource)
    if not covers(metadata.resource, url):
        report.error(
            STEP,
            f"resource is {resource}, and not this server, {url}: clients ask for no token",
            "set base_url of the provider to the URL that clients use, with the same scheme, host "
            f"and port: {origin_of(canonical(url))}",
        )
    elif metadata.resource != canonical(url):
        report.warn(
            STEP,
            f"resource is {resource}, which is not exactly {canonical(url)}: tokens are for all "
            "that is below it"
            if path_of(metadata.resource) != path_of(url)
            else f"resource is {resource}, and clients may compare it with {canonical(url)}",
            "name the endpoint itself, without a slash at its end",
        )
    else:
        report.ok(STEP, f"resource is {resource}: tokens are for this server alone")


def _judge_scopes(
    parameters: dict[str, str], metadata: ProtectedResourceMetadata, report: Report
) -> None:
    supported = metadata.scopes_supported
    if supported is None:
        return
    if "offline_access" in supported:
        report.warn(
            STEP,
            "scopes_supported has offline_access, which is nothing that a resource has",
            "leave it to the metadata of the authorization server",
        )
    missing = [each for each in parameters.get("scope", "").split() if each not in supported]
    if missing:
        report.warn(
            STEP,
            f"scopes_supported lacks {plain(' '.join(missing))}, which the challenge asks for",
            "list all scopes that clients need to begin with",
        )


def authorization_servers(
    url: str, metadata: ProtectedResourceMetadata, report: Report
) -> list[str]:
    """The issuers to look at: those that a client may go to."""
    named = metadata.authorization_servers or []
    if not named:
        report.error(
            STEP,
            "authorization_servers names nobody: clients do not know whom to ask",
            "give RemoteAuthProvider(authorization_servers=[...]), or a provider that is one",
        )
    if len(named) > 1:
        report.warn(
            STEP,
            f"authorization_servers names {len(named)}: most clients take the first",
            "put the one first that everybody can use",
        )
    usable: list[str] = []
    for each in named[:3]:
        try:
            usable.append(checked(each, "issuer", url))
        except OAuthFlowError as error:
            report.error(STEP, str(error), "name the authorization server by its https URL")
            continue
        if urlsplit(each).query:
            report.error(STEP, f"{plain(each)} has a query", "an issuer has none (RFC 8414)")
    return usable
