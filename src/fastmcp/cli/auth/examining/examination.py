"""The examination of a server, from the first request to what is needed for a token."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastmcp._oauth.documents import OAuthMetadata, ProtectedResourceMetadata
from fastmcp._oauth.locations import AUTHORIZATION_SERVER, origin_of
from fastmcp.client.auth.places import canonical
from fastmcp.exceptions import ConfigurationError

from .asking import Asking
from .clients import tell_of_others, tell_of_our_client, tell_of_tokens
from .endpoint import challenge_parameters, judge_pointer, judge_token, refusal
from .issuer import authorization_server
from .report import Report
from .resource import authorization_servers, is_without_metadata, resource_metadata


async def examine(url: str, token: str | None = None) -> Report:
    """What is found about the server at a URL, and whether it takes a token.

    Raises:
        ConfigurationError: it is no URL of an MCP endpoint.
    """
    _check(url)
    report, asking = Report(url), Asking(url)
    reply = await refusal(url, asking, report)
    if reply is None:
        return report
    if token is not None:
        await judge_token(url, token, asking, report)
    parameters = challenge_parameters(reply, report)
    if "resource_metadata" not in parameters and await is_without_metadata(url, asking):
        tell_of_tokens(report)
        return report
    judge_pointer(url, parameters, report)
    resource = await resource_metadata(url, dict(parameters), asking, report)
    server = await _servers(url, resource, asking, report)
    await tell_of_our_client(url, parameters, asking, report)
    await tell_of_others(url, parameters, resource, server, asking, report)
    return report


async def _servers(
    url: str, resource: ProtectedResourceMetadata | None, asking: Asking, report: Report
) -> OAuthMetadata | None:
    """Look at every authorization server; the first is the one that clients take."""
    if resource is None:
        base = origin_of(canonical(url))
        if (await asking.read(base + AUTHORIZATION_SERVER)).members is None:
            return None
        return await authorization_server(base, url, None, asking, report)
    found = [
        await authorization_server(issuer, url, resource, asking, report)
        for issuer in authorization_servers(url, resource, report)
    ]
    return next(iter(found), None)


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"{url!r}: give the URL of an MCP endpoint, https://host/mcp")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("the URL has credentials in it, and none are sent: leave them out")
