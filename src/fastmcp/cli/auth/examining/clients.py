"""What each kind of client comes to."""

from __future__ import annotations

from fastmcp._oauth.documents import OAuthMetadata, ProtectedResourceMetadata
from fastmcp._oauth.locations import AUTHORIZATION_SERVER, authorization_server_url, origin_of
from fastmcp.client.auth.discovery import discover, require_pkce
from fastmcp.client.auth.exchange import plain
from fastmcp.client.auth.places import canonical
from fastmcp.client.auth.scopes import challenged, selected
from fastmcp.exceptions import OAuthFlowError

from .asking import Asking
from .report import Report
from .resource import STEP


def tell_of_tokens(report: Report) -> None:
    """What clients of a server do that only takes tokens which they were given."""
    report.note(
        STEP,
        "there is none: clients cannot sign in, and need a token that they are given",
        "if they are to sign in, give base_url of a provider that has or names an authorization "
        "server",
    )
    report.expect("Client(url, auth=TOKEN)", "ok", "sends the token that it is given")
    report.expect('Client(url, auth="oauth")', "note", "finds nobody to sign in to")


async def tell_of_our_client(
    url: str, parameters: dict[str, str], asking: Asking, report: Report
) -> None:
    """What `Client(url, auth="oauth")` does, by its own code."""
    client = 'Client(url, auth="oauth")'
    try:
        found = await asking.follow(discover(url, parameters))
        require_pkce(found.metadata)
    except OAuthFlowError as error:
        report.expect(client, "error", plain(str(error)))
        return
    scope = selected(None, challenged(parameters), found.resource_metadata)
    asks = f"asks {plain(found.issuer)} for a token for {plain(found.resource)}"
    asks += f" with the scopes {plain(scope)}" if scope else " without naming scopes"
    if found.metadata.registration_endpoint is not None:
        report.expect(client, "ok", f"{asks}; registers itself")
    elif found.metadata.client_id_metadata_document_supported:
        report.expect(client, "warning", f"{asks}; needs OAuth(client_metadata_url=...)")
    else:
        report.expect(client, "warning", f"{asks}; needs OAuth(client_id=...)")


async def tell_of_others(
    url: str,
    parameters: dict[str, str],
    resource: ProtectedResourceMetadata | None,
    server: OAuthMetadata | None,
    asking: Asking,
    report: Report,
) -> None:
    """What clients of each revision do, and those in a browser."""
    knows = resource is not None and server is not None
    usable = server is not None and "S256" in (server.code_challenge_methods_supported or ())
    report.expect(
        "clients of 2025-11-25 and later",
        "ok" if knows and usable else "error",
        "find all that they need" if knows and usable else "do not get to a token, as above",
    )
    if "resource_metadata" not in parameters:
        report.expect("clients of 2025-06-18", "warning", "do not find the metadata")
    elif resource is not None and (issuer := next(iter(resource.authorization_servers or ()), "")):
        await _tell_of_2025_06_18(issuer, asking, report)
    place = origin_of(canonical(url)) + AUTHORIZATION_SERVER
    old = await asking.read(place)
    report.expect(
        "clients of 2025-03-26",
        "ok" if old.members is not None else "warning",
        "find an authorization server at the origin of the endpoint"
        if old.members is not None
        else "do not look at the metadata of the resource, and take /authorize, /token and "
        "/register at the origin of the endpoint",
    )
    hindered = any("(CORS)" in each.text for each in report.findings)
    report.expect(
        "clients in a browser",
        "warning" if hindered or not knows else "ok",
        "may not read all that they need (CORS), as above"
        if hindered
        else "find the same as others",
    )


async def _tell_of_2025_06_18(issuer: str, asking: Asking, report: Report) -> None:
    found = await asking.read(authorization_server_url(issuer))
    if found.members is not None:
        report.expect("clients of 2025-06-18", "ok", "find the authorization server")
    else:
        report.expect(
            "clients of 2025-06-18",
            "warning",
            "find no metadata by RFC 8414, and not all know those of OpenID Connect",
        )
