"""What holds alone holds together: two of one header, one application in another, a name and a
check, a token that ends and a stream.
"""

from __future__ import annotations

import json
import socket
import time
from typing import Annotated, Any

import pytest
from apps import (
    HANDSHAKE,
    MODERN,
    SECONDS,
    Mcp,
    call,
    enveloped,
    http,
    modern_headers,
    request,
    served,
)
from pydantic import Field
from starlette.applications import Starlette
from starlette.routing import Mount

from fastmcp import FastMCP
from fastmcp.server.auth import require_scopes

ANN, BOB = ({"authorization": f"Bearer token-of-{name}"} for name in ("ann", "bob"))


Region = Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]


def raw_answer(base: str, head: list[str], body: bytes = b"") -> bytes:
    """What a server at `base` answers to a request that is sent as it stands, until it closes."""
    host, port = base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
        lines = [*head, f"Content-Length: {len(body)}", "Connection: close", "", ""]
        connection.sendall("\r\n".join(lines).encode() + body)
        parts = b""
        while piece := connection.recv(65536):
            parts += piece
    return parts


def post_of(message: Any, *headers: str) -> tuple[list[str], bytes]:
    """The head and the body of a POST to the endpoint."""
    usual = ["Host: localhost", "Content-Type: application/json"]
    accept = "Accept: application/json, text/event-stream"
    return ["POST /mcp HTTP/1.1", *usual, accept, *headers], json.dumps(message).encode()


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("last", [HANDSHAKE, "2025-03-26"])
def test_a_second_version_does_not_hide_which_tool_is_called(last: str, batch: bool) -> None:
    """A gateway that reads the first header lets the tool of `Mcp-Name` pass, and no other."""
    mcp = FastMCP("gated")
    mcp.tool(lambda: "open", name="open")
    mcp.tool(lambda: "closed", name="closed")
    message = [call("closed")] if batch else call("closed")
    versions = (f"MCP-Protocol-Version: {each}" for each in (MODERN, last))

    with http(mcp) as client:
        head, body = post_of(message, *versions, "Mcp-Method: tools/call", "Mcp-Name: open")
        answer = raw_answer(client.base, head, body)

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"MCP-Protocol-Version was sent more than once" in answer


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (["Host: localhost"], b"200"),
        (["Host: localhost", "Origin: http://localhost"], b"200"),
        (["Host: localhost", "Origin: http://evil.example", "Origin: http://localhost"], b"403"),
        (["Host: localhost", "Origin: http://localhost", "Origin: http://evil.example"], b"403"),
        (["Host: evil.example", "Host: localhost"], b"421"),
    ],
)
def test_one_origin_and_one_host_decide(headers: list[str], status: bytes) -> None:
    """Of two, none is the one that counts."""
    with http(FastMCP("guarded"), health=True) as client:
        answer = raw_answer(client.base, ["GET /health HTTP/1.1", *headers])

    assert answer.split()[1] == status


def test_a_request_without_a_host_is_told_so() -> None:
    """HTTP/1.0 has requests without one; nothing is there that could be allowed."""
    with http(FastMCP("guarded"), health=True) as client:
        answer = raw_answer(client.base, ["GET /health HTTP/1.0"])

    assert answer.split()[1] == b"421"
    assert b"The Host header is missing" in answer


def test_a_token_of_the_outer_application_does_not_open_the_inner_one() -> None:
    """Each server takes its own tokens, also where the application of one is within the other's."""
    inner = FastMCP("inner", auth={"token-of-bob": {"user": "bob"}})
    inner_app = inner.http_app()
    outer = FastMCP("outer", auth={"token-of-ann": {"user": "ann"}})
    app = outer.http_app()
    app.routes.append(Mount("/inner", inner_app))

    with served(app) as base, Mcp(base) as at_outer, Mcp(f"{base}/inner") as at_inner:
        found = [
            each.post(request("ping"), token).status_code
            for each in (at_outer, at_inner)
            for token in (ANN, BOB, {})
        ]

    assert found == [200, 401, 401, 401, 200, 401]


def test_two_applications_of_one_server_know_the_same_callers() -> None:
    """The middleware of one stands around the other, and the token is good for both."""
    mcp = FastMCP("one", auth={"token-of-ann": {"user": "ann"}})
    app, legacy = mcp.http_app(), mcp.http_app(path="/old")
    around = Starlette(
        routes=[Mount("/", legacy)], middleware=app.user_middleware, lifespan=legacy.lifespan
    )

    with served(around) as base, Mcp(base) as client:
        url = f"{base}/old"
        found = [
            client.client.post(url, json=request("ping"), headers=token).status_code
            for token in (ANN, BOB)
        ]

    assert found == [200, 401]


def hidden_things() -> FastMCP:
    """A server with resources of which bob may know one template alone."""
    tokens: dict[str, Any] = {
        "token-of-ann": {"user": "ann", "scopes": ["vault"]},
        "token-of-bob": {"user": "bob", "scopes": []},
    }
    mcp = FastMCP("hiding", auth=tokens)
    vault = require_scopes("vault")
    mcp.resource("vault://keys/main", name="keys", auth=vault)(lambda: "k")

    @mcp.resource("vault://doors/{door}", name="doors", auth=vault)
    @mcp.resource("hall://{door}", name="seats")
    def look(door: str) -> str:
        return door

    return mcp


@pytest.mark.parametrize(
    "path", ["keys", "doors", "doors?door=1", "vault://keys/main?x=1", "vault://doors/1"]
)
def test_what_is_hidden_is_not_told_of_by_rest(path: str) -> None:
    """By a name, its URI or a query that it lacks, it is what was asked for that is not there."""
    nowhere = path.replace("keys", "kexs").replace("doors", "doxrs")
    with http(hidden_things(), rest=True) as client:
        hidden, missing = (
            client.client.get(f"{client.base}/resources/{each}", headers=BOB)
            for each in (path, nowhere)
        )

    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert hidden.text.replace("keys", "kexs").replace("doors", "doxrs") == missing.text


def test_who_may_use_a_template_is_told_what_it_needs() -> None:
    """Whether it is for everybody or for some."""
    with http(hidden_things(), rest=True) as client:
        found = [
            client.client.get(f"{client.base}/resources/{name}", headers=token).status_code
            for token in (ANN, BOB)
            for name in ("doors", "seats")
        ]

    assert found == [422, 422, 404, 422]


@pytest.mark.parametrize("header", [{}, {"mcp-param-region": "us"}])
def test_what_is_hidden_is_not_told_of_by_the_headers_that_it_wants(header: dict[str, str]) -> None:
    """Who may use a tool is told of headers that do not fit, and nobody else."""
    tokens = {"token-of-ann": {"user": "ann", "scopes": ["route"]}, "token-of-bob": {"user": "bob"}}
    mcp = FastMCP("routing", auth=tokens)

    @mcp.tool(auth=require_scopes("route"))
    def routed(region: Region) -> str:
        return region

    with http(mcp) as client:
        found = [
            client.modern(call(name, region="eu"), {**token, **header}).json()["error"]
            for name, token in (("routed", ANN), ("routed", BOB), ("nothing", BOB))
        ]

    assert [each["code"] for each in found] == [-32020, -32602, -32602]
    assert found[1]["message"].replace("routed", "nothing") == found[2]["message"]


@pytest.mark.parametrize(
    ("name", "version", "code"),
    [
        ("routed", "2", None),
        ("routed", None, None),
        ("routed", "1", -32020),
        ("routed@1", None, -32020),
    ],
)
def test_the_version_that_is_called_says_which_headers_have_to_fit(
    name: str, version: str | None, code: int | None
) -> None:
    """However it is asked for."""
    mcp = FastMCP("versions")

    @mcp.tool(name="routed", version="1")
    def first(region: Region) -> str:
        return region

    @mcp.tool(name="routed", version="2")
    def second(region: str) -> str:
        return region

    message = enveloped(call(name, region="eu"), fastmcp={"version": version})
    with http(mcp) as client:
        headers = {**modern_headers(message), "mcp-param-region": "us"}
        answer = client.post(message, headers).json()

    assert answer.get("error", {}).get("code") == code


def test_a_stream_ends_with_its_token_however_its_method_is_written() -> None:
    """White space after a header is no part of it."""
    ends = int(time.time()) + 2
    mcp = FastMCP("listened", auth={"token-of-ann": {"user": "ann", "expires_at": ends}})
    listen = enveloped(
        request("subscriptions/listen", "l", notifications={"toolsListChanged": True})
    )
    headers = {**modern_headers(listen), **ANN}
    lines = [f"{name}: {value}{' ' * (name == 'mcp-method')}" for name, value in headers.items()]

    with http(mcp) as client:
        answer = raw_answer(client.base, *post_of(listen, *lines))

    assert answer.startswith(b"HTTP/1.1 200")
    assert b"notifications/subscriptions/acknowledged" in answer
