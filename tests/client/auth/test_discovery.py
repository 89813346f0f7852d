"""Whom a client asks for a token, and whom it does not: flows without a network."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fastmcp._oauth.challenges import read_challenges, token_challenge
from fastmcp.client.auth import OAuthFlowError
from fastmcp.client.auth.discovery import Found, discover, require_pkce
from fastmcp.client.auth.exchange import Flow, Reply

MCP = "https://mcp.example.com/team/mcp"
HERE = "https://mcp.example.com/.well-known/oauth-protected-resource"
ISSUER = "https://login.example.com"
ROOT = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"


def resource(**members: Any) -> dict[str, Any]:
    return {"resource": MCP, "authorization_servers": [ISSUER]} | members


def server(issuer: str = ISSUER, **members: Any) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/token",
        "code_challenge_methods_supported": ["S256"],
    } | members


def run(flow: Flow[Any], web: dict[str, Any]) -> tuple[Any, list[str]]:
    """What a flow comes to in a web of documents and statuses, and what it looked at."""
    looked: list[str] = []
    try:
        ask = next(flow)
        while True:
            looked.append(ask.url)
            found = web.get(ask.url, 404)
            status, body = (found, b"") if isinstance(found, int) else (200, as_bytes(found))
            ask = flow.send(Reply(status, {}, body))
    except StopIteration as stop:
        return stop.value, looked


def as_bytes(found: Any) -> bytes:
    return found if isinstance(found, bytes) else json.dumps(found).encode()


def test_the_challenge_says_where_to_look_first() -> None:
    """Then the path's place, then the root's."""
    web = {f"{HERE}/team/mcp": resource(), ISSUER + ROOT: server()}
    pointed = "https://mcp.example.com/elsewhere"
    found, looked = run(discover(MCP, {"resource_metadata": pointed}), web)

    assert looked == [pointed, f"{HERE}/team/mcp", ISSUER + ROOT]
    assert (found.resource, found.issuer) == (MCP, ISSUER)
    assert run(discover(MCP, {}), {HERE: resource(), ISSUER + ROOT: server()})[1][1] == HERE


@pytest.mark.parametrize(
    ("issuer", "places"),
    [
        (ISSUER, [ISSUER + ROOT, ISSUER + OPENID]),
        (
            f"{ISSUER}/t",
            [f"{ISSUER}{ROOT}/t", f"{ISSUER}{OPENID}/t", f"{ISSUER}/t{OPENID}"],
        ),
    ],
)
def test_metadata_are_looked_for_in_order(issuer: str, places: list[str]) -> None:
    """By the issuer's path, where it has one."""
    web: dict[str, Any] = {HERE: resource(authorization_servers=[issuer])}
    web[places[-1]] = server(issuer)
    found, looked = run(discover(MCP, {}), web)

    assert looked[2:] == places
    assert found.issuer == issuer


def test_a_server_of_2025_03_26_is_its_own_authority() -> None:
    """By its document at the root, or by known places."""
    origin = "https://mcp.example.com"
    by_document, _ = run(discover(MCP, {}), {origin + ROOT: server(f"{origin}/")})
    by_habit, looked = run(discover(MCP, {}), {})

    assert by_document.metadata.token_endpoint == f"{origin}//token"
    assert by_habit.metadata.token_endpoint == f"{origin}/token"
    assert not by_habit.names_resource
    assert looked == [f"{HERE}/team/mcp", HERE, origin + ROOT]


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("place", [f"{HERE}/team/mcp", HERE, ISSUER + ROOT])
def test_a_failure_is_no_absence(status: int, place: str) -> None:
    """Else whoever can make a server stumble could lead a client to an older way."""
    web: dict[str, Any] = {ISSUER + ROOT: server()}
    web |= {f"{HERE}/team/mcp": resource()} if place.startswith(ISSUER) else {}
    with pytest.raises(OAuthFlowError, match=str(status)):
        run(discover(MCP, {}), web | {place: status})


@pytest.mark.parametrize(
    "web",
    [
        {HERE: resource(resource="https://evil.example/team/mcp")},
        {HERE: resource(resource="https://mcp.example.com/teams")},
        {HERE: resource(resource="https://mcp.example.com:444/team/mcp")},
        {HERE: resource(resource="http://mcp.example.com/team/mcp")},
        {HERE: resource(resource=None)},
        {HERE: resource(authorization_servers=[])},
        {HERE: resource(authorization_servers="https://login.example.com")},
        {HERE: resource(authorization_servers=["http://login.example.com"])},
        {HERE: resource(authorization_servers=["http://127.0.0.1:1"])},
        {HERE: resource(authorization_servers=["https://me:pass@login.example.com"])},
        {HERE: resource(authorization_servers=["https://login.example.com/#x"])},
        {HERE: resource(authorization_servers=["file:///etc/passwd"])},
        {HERE: resource(authorization_servers=["https://"])},
        {HERE: resource()},
        {HERE: resource(), ISSUER + ROOT: server(f"{ISSUER}/")},
        {HERE: resource(), ISSUER + ROOT: server("https://LOGIN.example.com")},
        {HERE: resource(), ISSUER + ROOT: server("https://evil.example")},
        {HERE: resource(), ISSUER + ROOT: {"token_endpoint": "x"}},
        {HERE: resource(), ISSUER + ROOT: b"[" * 100_000},
        {"https://mcp.example.com" + ROOT: server("https://evil.example")},
    ],
)
def test_what_is_not_about_this_server_is_not_followed(web: dict[str, Any]) -> None:
    """Whoever publishes it, nobody is asked for a token."""
    with pytest.raises(OAuthFlowError):
        run(discover(MCP, {}), web)


@pytest.mark.parametrize(
    "pointed",
    [
        "http://10.0.0.1/x",
        "file:///etc/passwd",
        "//evil.example",
        "http://localhost/x",
        "https://a b",
    ],
)
def test_a_challenge_cannot_send_a_client_anywhere(pointed: str) -> None:
    """Only to https://, or back to the server itself."""
    with pytest.raises(OAuthFlowError, match="resource_metadata"):
        run(discover(MCP, {"resource_metadata": pointed}), {})


def test_a_page_in_the_place_of_a_document_is_none() -> None:
    """Some servers answer every URL with their home page."""
    page = b"<!doctype html>"
    web = {
        f"{HERE}/team/mcp": page,
        HERE: resource(),
        ISSUER + ROOT: page,
        ISSUER + OPENID: server(),
    }

    assert run(discover(MCP, {}), web)[0].issuer == ISSUER


def test_a_parent_of_the_server_can_be_the_resource() -> None:
    """At the same origin; tokens are asked for it as it is written."""
    web = {HERE: resource(resource="https://MCP.example.com/team/"), ISSUER + ROOT: server()}

    assert run(discover(MCP, {}), web)[0].resource == "https://MCP.example.com/team/"


def test_credentials_of_one_authority_are_for_no_other() -> None:
    """GHSA-qx49-fqc8-xw99: the MCP server does not choose who gets them."""
    evil = {HERE: resource(authorization_servers=["https://evil.example"])}
    with pytest.raises(OAuthFlowError, match="sent to nobody else"):
        run(discover(MCP, {}, ISSUER), evil)
    several = {HERE: resource(authorization_servers=["https://evil.example", f"{ISSUER}/"])}
    several[ISSUER + ROOT] = server(f"{ISSUER}/")

    assert run(discover(MCP, {}, ISSUER), several)[0].issuer == f"{ISSUER}/"
    assert run(discover(MCP, {}, ISSUER), {ISSUER + ROOT: server()})[0].issuer == ISSUER


@pytest.mark.parametrize("methods", [None, [], ["plain"]])
def test_without_pkce_no_code_is_asked_for(methods: Any) -> None:
    """A stolen code would be as good as the token."""
    web = {HERE: resource(), ISSUER + ROOT: server(code_challenge_methods_supported=methods)}
    found: Found = run(discover(MCP, {}), web)[0]
    with pytest.raises(OAuthFlowError, match="S256"):
        require_pkce(found.metadata)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ('Bearer scope="a b", error="x"', [("bearer", {"scope": "a b", "error": "x"})]),
        ("bEARER error=x", [("bearer", {"error": "x"})]),
        ("Bearer", [("bearer", {})]),
        (
            'Basic realm="a, b=\\"c\\"", Bearer scope="s", Negotiate abc==, DPoP algs="ES256"',
            [
                ("basic", {"realm": 'a, b="c"'}),
                ("bearer", {"scope": "s"}),
                ("negotiate", {}),
                ("dpop", {"algs": "ES256"}),
            ],
        ),
        ('Bearer scope = "s" ,, error="e"', [("bearer", {"scope": "s", "error": "e"})]),
        ('Bearer scope="s", SCOPE="t"', [("bearer", {"scope": "s"})]),
        ('Bearer x="resource_metadata=\\"https://evil.example\\""', None),
        ('Bearer scope="never ends', [("bearer", {})]),
        ("", []),
        (",,, =,\x00", []),
    ],
)
def test_challenges_are_read_as_they_are_written(header: str, said: Any) -> None:
    """Several in a header, quoted texts, any case."""
    found = [(one.scheme, one.parameters) for one in read_challenges(header)]
    if said is None:
        assert "resource_metadata" not in found[0][1]
    else:
        assert found == said


def test_hostile_challenges_cost_no_more_than_their_length() -> None:
    """Neither quotes, backslashes nor commas make it slow, and there is an end to them."""
    for piece in ('"', "\\", ",", 'a="', "a ", "a=b, ", " \t", '"\\'):
        assert len(read_challenges("Bearer " + piece * 100_000)) <= 32
        token_challenge(piece * 100_000)
