"""403 with a challenge, where scopes are all that is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from apps import (
    BOTH,
    HANDSHAKE,
    Mcp,
    call,
    enveloped,
    http,
    initialize,
    modern_headers,
    notification,
    request,
)

from fastmcp import Context, FastMCP
from fastmcp.exceptions import InsufficientScopeError
from fastmcp.server.auth import MultiAuth, RemoteAuthProvider
from fastmcp.server.auth.authorization import require_roles, require_scopes, restrict_tag
from fastmcp.server.auth.given import KnownTokens
from fastmcp.server.middleware.authorization import AuthMiddleware
from fastmcp.server.middleware.error_handling import ErrorHandlingMiddleware

READER = {"authorization": "Bearer reader"}
WRITER = {"authorization": "Bearer writer"}
TOKENS = {
    "reader": {"user": "ann", "scopes": ["mcp", "read"]},
    "writer": {"user": "bob", "scopes": ["mcp", "read", "write", "delete"]},
}
METADATA = "https://mcp.example/.well-known/oauth-protected-resource/mcp"


def provider(**options: Any) -> RemoteAuthProvider:
    """Tokens of an authorization server, as far as a server sees."""
    verifier = KnownTokens(TOKENS, ["mcp"])
    return RemoteAuthProvider(verifier, ["https://auth.example"], "https://mcp.example", **options)


def server(auth: Any = None, **options: Any) -> FastMCP:
    """Reading is for all, and what is tagged `write` for some."""
    restricted = AuthMiddleware(auth=restrict_tag("write", scopes=["read", "write"]))
    mcp = FastMCP("x", auth=auth or provider(), middleware=[restricted], **options)

    @mcp.tool(tags={"write"})
    def write() -> str:
        return "written"

    @mcp.tool
    async def slowly(ctx: Context) -> str:
        await ctx.info("It has begun")
        raise InsufficientScopeError(["write"])

    @mcp.tool
    def forbidden() -> str:
        raise InsufficientScopeError(["write"], message="Ask for write")

    @mcp.resource("data://secret", tags={"write"})
    def secret() -> str:
        return "secret"

    @mcp.prompt(tags={"write"})
    def writing() -> str:
        return "Write"

    return mcp


@pytest.fixture
def client() -> Iterator[Mcp]:
    with http(server(), rest=True, allowed_hosts=["*"]) as client:
        yield client


def opened(client: Mcp, caller: dict[str, str], version: str = HANDSHAKE) -> dict[str, str]:
    """The headers of a session of somebody's."""
    answer = client.post(initialize(version), caller)
    session = {
        "mcp-session-id": answer.headers["mcp-session-id"],
        "mcp-protocol-version": version,
    }
    client.post(notification("notifications/initialized"), {**caller, **session})
    return session


def asked_for(response: Any) -> str:
    """The scopes in a challenge."""
    assert response.status_code == 403, response.text
    challenge = response.headers["www-authenticate"]
    assert challenge.startswith('Bearer error="insufficient_scope"')
    assert f'resource_metadata="{METADATA}"' in challenge
    return challenge.partition('scope="')[2].partition('"')[0]


USES = {
    "tool": call("write"),
    "resource": request("resources/read", uri="data://secret"),
    "prompt": request("prompts/get", name="writing"),
}


@pytest.mark.parametrize("kind", USES)
@pytest.mark.parametrize("accept", [BOTH, "application/json", "text/event-stream"])
def test_the_answer_has_the_challenge_of_all_scopes(client: Mcp, kind: str, accept: str) -> None:
    """In both eras, with and without a session; the body is the answer as ever."""
    message = USES[kind]
    session = opened(client, READER)
    modern = {**modern_headers(message), "accept": accept}

    answers = [
        client.post(enveloped(message), {**READER, **modern}),
        client.post(message, {**READER, "accept": accept}),
        client.post(message, {**READER, **session, "accept": accept}),
    ]

    for answer in answers:
        assert asked_for(answer) == "mcp read write"
        body = answer.json()
        assert body["id"] == 1
        assert "insufficient scope (required: write)" in str(body)


def test_who_has_the_scopes_is_served(client: Mcp) -> None:
    """Without a word of them."""
    for message in USES.values():
        answer = client.post(message, WRITER)
        assert answer.status_code == 200
        assert "www-authenticate" not in answer.headers
    assert client.post(call("forbidden"), WRITER).status_code == 403  # its own word


def test_rest_has_it_too(client: Mcp) -> None:
    """With its own body."""
    urls = [f"{client.base}/resources/data://secret", f"{client.base}/prompts/writing"]
    answers = [
        client.client.post(f"{client.base}/tools/write", json={}, headers=READER),
        *(client.client.get(url, headers=READER) for url in urls),
    ]

    for answer in answers:
        assert asked_for(answer) == "mcp read write"
        assert "insufficient scope" in answer.json()["error"]["message"]


def test_a_function_can_ask_for_scopes(client: Mcp) -> None:
    """By raising the error."""
    answer = client.post(call("forbidden"), READER)

    assert asked_for(answer) == "mcp write"
    assert answer.json()["result"]["content"][0]["text"] == "Ask for write"


@pytest.mark.parametrize("era", ["modern", "session"])
def test_a_stream_that_has_begun_goes_on(client: Mcp, era: str) -> None:
    """Its status has been sent; the answer says what is missing all the same."""
    message = call("slowly")
    headers = modern_headers(message) if era == "modern" else opened(client, READER)
    meta = {"io.modelcontextprotocol/logLevel": "debug"}
    body = enveloped(message, **meta) if era == "modern" else message

    answer = client.post(body, {**READER, **headers})

    assert answer.status_code == 200
    assert "www-authenticate" not in answer.headers
    assert "These scopes are needed: write" in answer.text


def test_one_answer_of_several_is_no_reason(client: Mcp) -> None:
    """A batch has one status for all."""
    session = opened(client, READER, "2025-03-26")

    answer = client.post([call("write", 1), request("ping", 2)], {**READER, **session})

    assert answer.status_code == 200


def test_what_error_handling_makes_of_it_is_still_one() -> None:
    """Middleware that turns errors into others leaves this one alone."""
    mcp = server()
    mcp.add_middleware(ErrorHandlingMiddleware(transform_errors=True))

    with http(mcp, allowed_hosts=["*"]) as client:
        for message in USES.values():
            assert asked_for(client.post(message, READER)) == "mcp read write"


def test_checks_further_inside_are_told_too() -> None:
    """So that one new token is enough; up to a check that nobody can foresee."""
    mcp = server()
    mcp.add_middleware(AuthMiddleware(auth=require_scopes("delete")))
    with http(mcp, allowed_hosts=["*"]) as client:
        answer = client.post(call("write"), READER)
        assert asked_for(answer) == "mcp delete read write"
        assert "(required: delete, write)" in answer.text

    gated = server()
    gated.add_middleware(AuthMiddleware(auth=require_roles("admin")))
    gated.add_middleware(AuthMiddleware(auth=require_scopes("delete")))
    with http(gated, allowed_hosts=["*"]) as client:
        assert asked_for(client.post(call("write"), READER)) == "mcp read write"


def test_what_is_hidden_stays_hidden() -> None:
    """A component's own check is not told of: it is as if there were none."""
    mcp = server()
    mcp.tool(lambda: 0, name="hidden", tags={"write"}, auth=require_scopes("write"))

    with http(mcp, allowed_hosts=["*"]) as client:
        answers = [client.post(call(name), READER) for name in ("hidden", "absent")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text.replace("hidden", "absent") == answers[1].text


class Prefixing(RemoteAuthProvider):
    """An authorization server that has other names for scopes."""

    def get_challenge_scopes(self, required_scopes: list[str] | None = None) -> list[str]:
        scopes = self.required_scopes if required_scopes is None else required_scopes
        return [f"api://x/{scope}" for scope in scopes]


@pytest.mark.parametrize(
    ("auth", "told"),
    [
        (provider(challenge_scopes=["openid"]), "openid read write"),
        (
            Prefixing(
                KnownTokens(TOKENS, ["mcp"]), ["https://auth.example"], "https://mcp.example"
            ),
            "api://x/mcp api://x/read api://x/write",
        ),
        (MultiAuth(server=provider(), verifiers=[]), "mcp read write"),
    ],
)
def test_scopes_have_the_names_that_their_issuer_knows(auth: Any, told: str) -> None:
    """As the provider translates them; what it does not know is asked for as it is."""
    with http(server(auth), allowed_hosts=["*"]) as client:
        assert asked_for(client.post(call("write"), READER)) == told


def test_nobody_without_a_token_is_asked_for_scopes() -> None:
    """A server without auth= has nobody who could get one."""
    mcp = FastMCP("x")

    @mcp.tool
    def forbidden() -> str:
        raise InsufficientScopeError(["write"])

    with http(mcp) as client:
        answer = client.post(call("forbidden"))

    assert answer.status_code == 200
    assert answer.json()["result"]["isError"]
