"""What the MCP endpoint answers to whoever has no token."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from msgspec import json

from fastmcp._oauth.challenges import token_challenge
from fastmcp._version import VERSION
from fastmcp.client.auth.exchange import Reply, plain
from fastmcp.client.auth.places import checked, is_loopback
from fastmcp.exceptions import OAuthFlowError
from fastmcp.wire.revisions import LATEST_HANDSHAKE

from .asking import Asking, described
from .report import Report

STEP = "MCP endpoint"
CHALLENGE = "Challenge"
HELLO: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": LATEST_HANDSHAKE.text,
        "capabilities": {},
        "clientInfo": {"name": "fastmcp auth doctor", "version": VERSION},
    },
}


async def refusal(url: str, asking: Asking, report: Report) -> Reply | None:
    """The answer that has clients authorize; None if there is no such answer."""
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        report.error(
            STEP,
            f"{url} is not encrypted: whoever is on the way reads the tokens",
            "serve it by https, or put it behind a proxy that does, and give that as base_url",
        )
    try:
        reply = await _greet(url, asking)
    except OAuthFlowError as error:
        report.error(STEP, str(error), "see that the server runs, and that the URL is right")
        return None
    if reply.status == 401:
        report.ok(STEP, "a request without a token is answered 401")
        await _preflight(url, asking, report)
        return reply
    _other_answer(reply, report)
    return None


async def judge_token(url: str, token: str, asking: Asking, report: Report) -> None:
    """Whether the endpoint takes a token. The session that this begins is ended."""
    step, bearer = "Token", f"Bearer {token}"
    try:
        reply = await _greet(url, asking, authorization=bearer)
        if session := reply.headers.get("mcp-session-id"):
            await asking.send("DELETE", url, authorization=bearer, mcp_session_id=session)
    except OAuthFlowError as error:
        report.error(step, str(error), "see that the server runs")
        return
    if reply.status == 200:
        report.ok(step, "the endpoint takes it")
        return
    challenge = token_challenge(reply.headers.get("www-authenticate", ""))
    said = {} if challenge is None else challenge.parameters
    why = said.get("error_description") or said.get("error")
    report.error(
        step,
        f"with it the endpoint answers {described(reply)}" + (f": {plain(why)}" if why else ""),
        f"get one with the scopes {plain(said['scope'])}"
        if reply.status == 403 and "scope" in said
        else "get one that is for this server, and has not ended; its log says why",
    )


async def _greet(url: str, asking: Asking, **headers: str) -> Reply:
    return await asking.send(
        "POST",
        url,
        json.encode(HELLO),
        content_type="application/json",
        accept="application/json, text/event-stream",
        **headers,
    )


def _other_answer(reply: Reply, report: Report) -> None:
    if reply.status == 200:
        report.error(
            STEP,
            "a request without a token is answered: whoever calls is let in",
            "if that is not meant, give FastMCP(auth=...)",
        )
        return
    fixes = {
        403: "answer 401 to who has no token: at 403 no client begins to authorize",
        404: "look at the path: the endpoint of FastMCP is /mcp unless it was told otherwise",
        405: "look at the path: there is something else than an MCP endpoint",
        421: "list the host in allowed_hosts= of the server",
    }
    fix = fixes.get(reply.status)
    if 300 <= reply.status < 400:
        fix = "give clients the URL that it leads to: they send no token after a redirect"
    elif reply.status >= 500:
        fix = "look at the log of the server, or of the proxy before it"
    report.error(
        STEP,
        f"a request without a token is answered {described(reply)}, not 401",
        fix or "let the check of the token come before all others",
    )


async def _preflight(url: str, asking: Asking, report: Report) -> None:
    """Browsers ask first, without a token, whether a page may send one."""
    try:
        reply = await asking.send(
            "OPTIONS",
            url,
            origin=asking.page_origin,
            access_control_request_method="POST",
            access_control_request_headers="authorization,content-type,mcp-protocol-version",
        )
    except OAuthFlowError:
        return
    if reply.status >= 300 or not asking.allows_pages(reply.headers):
        report.warn(
            STEP,
            "pages of other origins may not call it (CORS): clients in a browser do not work",
            "list them in cors_origins= of run() or http_app(), if there are to be any",
        )


def challenge_parameters(reply: Reply, report: Report) -> dict[str, str]:
    """What the challenge of an answer says."""
    header = reply.headers.get("www-authenticate", "")
    challenge = token_challenge(header)
    if challenge is None:
        report.error(
            CHALLENGE,
            f"the 401 has WWW-Authenticate: {plain(header)}, without Bearer"
            if header
            else "the 401 has no header WWW-Authenticate",
            'send WWW-Authenticate: Bearer resource_metadata="..." (RFC 9728 section 5.1), and let '
            "no proxy take it away",
        )
        return {}
    parameters = challenge.parameters
    if "error" in parameters:
        report.warn(
            CHALLENGE,
            f"it says error={plain(parameters['error'])}, although no token was sent",
            "leave error out where there was no token (RFC 6750 section 3.1)",
        )
    if "scope" in parameters:
        report.ok(CHALLENGE, f"it wants the scopes {plain(parameters['scope'])}")
    return parameters


def judge_pointer(url: str, parameters: dict[str, str], report: Report) -> None:
    """Whether it says where the metadata are; a place that nobody goes to is taken out."""
    pointed = parameters.get("resource_metadata")
    if pointed is None:
        report.warn(
            CHALLENGE,
            "it does not say where the metadata are (resource_metadata): clients of 2025-06-18 do "
            "not find them",
            "name them; FastMCP does where base_url of the provider is given",
        )
        return
    try:
        checked(pointed, "resource_metadata", url)
    except OAuthFlowError as error:
        report.error(CHALLENGE, str(error), "set base_url of the provider to the public https URL")
        del parameters["resource_metadata"]
        return
    report.ok(CHALLENGE, f"it says where the metadata are: {plain(pointed)}")
