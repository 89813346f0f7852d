"""The metadata of an authorization server (RFC 8414, OpenID Connect Discovery)."""

from __future__ import annotations

import msgspec

from fastmcp._oauth.documents import OAuthMetadata, ProtectedResourceMetadata
from fastmcp._oauth.locations import (
    AUTHORIZATION_SERVER,
    OPENID_CONFIGURATION,
    origin_of,
    path_of,
)
from fastmcp.client.auth.exchange import plain, shown
from fastmcp.client.auth.places import checked
from fastmcp.exceptions import OAuthFlowError

from .asking import Asking, Read
from .key_set import judge_keys
from .report import Report
from .token_endpoint import judge_token_endpoint

S256 = "S256"


def step_of(issuer: str) -> str:
    """What the findings about an authorization server stand under."""
    return f"Authorization server {plain(issuer)}"


async def authorization_server(
    issuer: str,
    url: str,
    resource: ProtectedResourceMetadata | None,
    asking: Asking,
    report: Report,
) -> OAuthMetadata | None:
    """The metadata of an issuer, if there are any to go on with."""
    step = step_of(issuer)
    read = await _found(issuer, asking, report)
    if read is None:
        return None
    try:
        metadata = read.as_a(OAuthMetadata)
    except msgspec.ValidationError as error:
        report.error(step, f"{shown(read.url)} is malformed: {error}", "see RFC 8414 section 2")
        return None
    report.ok(step, f"metadata at {shown(read.url)}")
    if not await asking.is_readable_for_pages(read.url):
        report.warn(
            step,
            "pages of other origins may not read its metadata (CORS)",
            "send Access-Control-Allow-Origin: * with it, if clients in a browser are to work",
        )
    _judge_issuer(issuer, metadata, report)
    _judge_endpoints(url, metadata, step, report)
    _judge_abilities(metadata, step, report)
    _judge_registration(metadata, step, report)
    if resource is not None:
        _judge_scopes(resource, metadata, step, report)
    if metadata.token_endpoint is not None:
        await judge_token_endpoint(metadata.token_endpoint, url, step, asking, report)
    if metadata.jwks_uri is not None:
        await judge_keys(metadata.jwks_uri, asking, report)
    return metadata


async def _found(issuer: str, asking: Asking, report: Report) -> Read | None:
    base, path = origin_of(issuer), path_of(issuer)
    places = [base + AUTHORIZATION_SERVER + path, base + OPENID_CONFIGURATION + path]
    if path:
        places.append(base + path + OPENID_CONFIGURATION)
    for place in places:
        read = await asking.read(place)
        if read.members is not None:
            return read
        if not read.absent:
            report.error(
                step_of(issuer), read.instead or "", "clients go no further until it can be read"
            )
            return None
    report.error(
        step_of(issuer),
        f"it has no metadata; looked at {', '.join(map(shown, places))}",
        "see that authorization_servers names the issuer as it calls itself, its path included",
    )
    return None


def _judge_issuer(issuer: str, metadata: OAuthMetadata, report: Report) -> None:
    if metadata.issuer == issuer:
        report.ok(step_of(issuer), "it calls itself by the name that it is known by")
        return
    slash = metadata.issuer.rstrip("/") == issuer.rstrip("/")
    report.error(
        step_of(issuer),
        f"it calls itself {plain(metadata.issuer)}: clients compare each character, and go no "
        "further",
        f"let authorization_servers say {plain(metadata.issuer)!r}, "
        + ("with the slash as it has it" if slash else "if that is who is meant"),
    )


def _judge_endpoints(url: str, metadata: OAuthMetadata, step: str, report: Report) -> None:
    for name in ("authorization_endpoint", "token_endpoint"):
        if getattr(metadata, name) is None:
            report.error(step, f"it has no {name}", "a client needs one to get a token")
    names = ("authorization_endpoint", "token_endpoint", "registration_endpoint", "jwks_uri")
    for name in names:
        if (place := getattr(metadata, name)) is None:
            continue
        try:
            checked(place, name, url)
        except OAuthFlowError as error:
            report.error(step, str(error), "serve it by https, and name it so")


def _judge_abilities(metadata: OAuthMetadata, step: str, report: Report) -> None:
    methods = metadata.code_challenge_methods_supported
    if S256 in (methods or ()):
        report.ok(step, "it checks PKCE by S256")
    else:
        report.error(
            step,
            f"code_challenge_methods_supported is {methods}, without S256: clients have to refuse",
            "check PKCE by S256, and say so",
        )
    if "plain" in (methods or ()):
        report.warn(
            step,
            "it accepts PKCE by plain, which protects nothing",
            "accept S256 alone (OAuth 2.1 section 7.5.2)",
        )
    if "code" not in metadata.response_types_supported:
        report.error(step, "response_types_supported has no code", "clients use nothing else")
    grants = metadata.grant_types_supported
    if grants is not None and "authorization_code" not in grants:
        report.error(step, "grant_types_supported has no authorization_code", "clients need it")
    elif grants is not None and "refresh_token" not in grants:
        report.warn(
            step,
            "it gives no refresh tokens: people have to log in whenever a token ends",
            "support refresh_token",
        )
    if metadata.authorization_response_iss_parameter_supported:
        report.ok(step, "it says in its answers who it is (iss, RFC 9207)")
    else:
        report.warn(
            step,
            "it does not say in its answers who it is (iss): clients of several servers cannot "
            "tell that an answer is another's",
            "send iss, and authorization_response_iss_parameter_supported: true (RFC 9207)",
        )


def _judge_registration(metadata: OAuthMetadata, step: str, report: Report) -> None:
    ways: list[str] = []
    if metadata.client_id_metadata_document_supported:
        ways.append("by a document of their own (CIMD)")
    if metadata.registration_endpoint is not None:
        ways.append("by registering themselves (DCR)")
    if ways:
        report.ok(step, f"clients become known {' or '.join(ways)}")
    else:
        report.warn(
            step,
            "no client can make itself known: only those with a client_id from its administrator "
            "are served",
            "support client_id_metadata_document_supported or a registration_endpoint; or put "
            "OAuthProxy before it, which does; or tell users of your server a client_id",
        )
    methods = metadata.token_endpoint_auth_methods_supported
    if ways and "none" not in (methods or ()):
        report.warn(
            step,
            "token_endpoint_auth_methods_supported has no none: clients without a secret, such as "
            "programs on the machines of users, cannot get tokens",
            "list none, and require PKCE",
        )


def _judge_scopes(
    resource: ProtectedResourceMetadata, metadata: OAuthMetadata, step: str, report: Report
) -> None:
    supported = metadata.scopes_supported
    missing = [each for each in resource.scopes_supported or () if each not in (supported or ())]
    if supported is not None and missing:
        report.warn(
            step,
            f"scopes_supported lacks {plain(' '.join(missing))}, which the server asks for",
            "see that it gives these scopes, and lists them",
        )
