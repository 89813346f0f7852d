"""One HTTP request: what is refused before the protocol is asked, and the modern ladder."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from apps import (
    BOTH,
    CAPABILITIES_KEY,
    HANDSHAKE,
    MODERN,
    SECONDS,
    VERSION_KEY,
    Mcp,
    call,
    enveloped,
    http,
    initialize,
    messages,
    modern_headers,
    notification,
    request,
)

from fastmcp import Context, FastMCP
from fastmcp.exceptions import McpError


def server() -> FastMCP:
    mcp = FastMCP("x", version="1")

    @mcp.tool
    def echo(text: str = "") -> str:
        return text

    @mcp.tool(name="名前")
    def unicode_name() -> str:
        return "found"

    @mcp.tool
    async def report(ctx: Context, fail: int = 0) -> str:
        await ctx.report_progress(1, 2)
        if fail:
            raise McpError(code=fail, message="failed late")
        return "done"

    @mcp.tool
    def fail(code: int) -> str:
        raise McpError(code=code, message="failed")

    @mcp.resource("data://a")
    def data() -> str:
        return "a"

    return mcp


@pytest.fixture(scope="module")
def client() -> Iterator[Mcp]:
    with http(server(), max_request_size=2000) as client:
        yield client


# Paths


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
def test_both_spellings_of_the_path_are_served_without_redirect(client: Mcp, path: str) -> None:
    """POST, GET and DELETE answer themselves on either."""
    opened = client.post(initialize(), path=path, follow_redirects=False)
    session = {"mcp-session-id": opened.headers["mcp-session-id"]}
    url = client.base + path

    assert opened.status_code == 200
    with client.client.stream(
        "GET", url, headers={**session, "accept": "text/event-stream"}
    ) as stream:
        assert stream.status_code == 200
    assert client.client.delete(url, headers=session).status_code == 200
    assert client.post(request("server/discover"), path=path).status_code == 200


def test_other_paths_are_not_found(client: Mcp) -> None:
    """The endpoint is one path, not a prefix."""
    for path in ("/", "/mcp/more", "/mcpx", "/MCP"):
        assert client.post(initialize(), path=path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/deep/er"])
def test_the_path_can_be_chosen(path: str) -> None:
    """http_app(path=...) serves there alone."""
    with http(server(), path=path) as client:
        where = "/" + path.strip("/")
        assert client.post(initialize(), path=where).status_code == 200
        assert client.post(initialize(), path="/mcp").status_code == 404


# The body


def test_a_body_at_the_limit_is_read_and_one_over_it_is_413(client: Mcp) -> None:
    """Exactly max_request_size is allowed; the refusal is a JSON-RPC error."""
    body = json.dumps(request("ping")).encode()

    at_limit = client.post(body + b" " * (2000 - len(body)))
    over = client.post(body + b" " * (2001 - len(body)))

    assert at_limit.status_code == 200
    assert (over.status_code, over.json()["error"]["code"]) == (413, -32600)
    assert "2000" in over.json()["error"]["message"]


def test_a_declared_length_over_the_limit_is_refused_before_the_body(client: Mcp) -> None:
    """The answer comes although not a byte of the body was sent."""
    with socket.create_connection(("127.0.0.1", int(client.base.rpartition(":")[2]))) as raw:
        raw.settimeout(SECONDS)
        raw.sendall(
            b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999999\r\n\r\n"
        )
        answer = raw.recv(4096)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_chunked_body_is_refused_when_it_passes_the_limit(client: Mcp) -> None:
    """Without a declared length the limit counts what comes."""

    def chunks() -> Iterator[bytes]:
        for _ in range(30):
            yield b" " * 100

    headers = {"content-type": "application/json", "accept": BOTH}
    response = client.client.post(client.url, content=chunks(), headers=headers)

    assert response.status_code == 413


def test_a_body_longer_than_it_says_is_refused() -> None:
    """A server in front that lets a lying Content-Length through does not lift the limit."""

    async def main() -> list[dict[str, Any]]:
        app = server().http_app(max_request_size=100)
        sent: list[dict[str, Any]] = []
        parts = [
            {"type": "http.request", "body": b" " * 80, "more_body": True},
            {"type": "http.request", "body": b" " * 80, "more_body": False},
        ]

        async def receive() -> dict[str, Any]:
            return parts.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/mcp",
            "query_string": b"",
            "headers": [(b"content-length", b"10"), (b"host", b"localhost")],
            "server": ("127.0.0.1", 80),
        }
        await app(scope, receive, send)
        return sent

    assert asyncio.run(main())[0]["status"] == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b'{"a":' * 3, b"[" * 1500, b'{"jsonrpc":"2.0"', b"nonsense"],
)
def test_a_body_that_is_no_json_is_a_parse_error(client: Mcp, body: bytes) -> None:
    """-32700 without an id, 400, whatever is wrong with the bytes."""
    response = client.post(body)

    assert response.status_code == 400
    error = response.json()
    assert (error["id"], error["error"]["code"]) == (None, -32700)


@pytest.mark.parametrize(
    "body",
    [
        5,
        "text",
        None,
        {},
        {"jsonrpc": "2.0", "id": 1},
        {"jsonrpc": "2.0", "id": None, "method": "ping"},
        {"jsonrpc": "2.0", "id": True, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1.5, "method": "ping"},
        {"jsonrpc": "2.0", "id": {}, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1, "method": 5},
        {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": 5},
        {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]},
    ],
    ids=str,
)
def test_json_that_is_no_message_is_an_invalid_request(client: Mcp, body: Any) -> None:
    """-32600 and 400 for wrong types in every member of the envelope."""
    response = client.post(body)

    assert (response.status_code, response.json()["error"]["code"]) == (400, -32600)


# What the headers say of the body and of the answer


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/jsonx", "text/json"])
def test_another_content_type_is_415(client: Mcp, content_type: str | None) -> None:
    """A form that a web page may post without asking is not JSON."""
    assert client.post(initialize(), {"content-type": content_type}).status_code == 415


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json;x=y"]
)
def test_parameters_and_case_of_the_content_type_do_not_matter(
    client: Mcp, content_type: str
) -> None:
    """The media type is compared as RFC 9110 says."""
    assert client.post(request("ping"), {"content-type": content_type}).status_code == 200


def test_a_compressed_body_is_415(client: Mcp) -> None:
    """No bomb is unpacked."""
    body = gzip.compress(json.dumps(request("ping")).encode())

    assert client.post(body, {"content-encoding": "gzip"}).status_code == 415
    assert client.post(request("ping"), {"content-encoding": "identity"}).status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "image/*", "application/json;q=0", "*/*;q=0.0"])
def test_an_accept_that_admits_neither_form_is_406(client: Mcp, accept: str) -> None:
    """The error says what to list."""
    response = client.post(request("ping"), {"accept": accept})

    assert response.status_code == 406
    assert "text/event-stream" in response.json()["error"]["message"]


# None removes the header, but the HTTP library then sends */*.
ACCEPTS = {
    "*/*": "application/json",
    "application/json": "application/json",
    "application/*": "application/json",
    "application/json;q=0.5, text/event-stream": "application/json",
    "text/event-stream": "text/event-stream",
    "text/*": "text/event-stream",
    "application/json;q=0, text/event-stream": "text/event-stream",
}


@pytest.mark.parametrize(("accept", "kind"), ACCEPTS.items())
@pytest.mark.parametrize("way", ["initialize", "session", "alone", "modern"])
def test_the_answer_has_a_form_that_the_client_accepts(
    client: Mcp, way: str, accept: str, kind: str
) -> None:
    """JSON where it will do, a stream of one event where it will not."""
    headers = {"accept": accept}
    if way == "initialize":
        response = client.post(initialize(id=1), headers)
    elif way == "session":
        response = client.post(call("echo", text="x"), {**client.open(), **headers})
    elif way == "alone":
        response = client.post(call("echo", text="x"), headers)
    else:
        response = client.modern(call("echo", text="x"), headers)

    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == kind
    assert [message["id"] for message in messages(response)] == [1]


def reporting(way: str, client: Mcp, **arguments: Any) -> Any:
    message = request(
        "tools/call", name="report", arguments=arguments, _meta={"progressToken": "t"}
    )
    if way == "modern":
        return client.post(enveloped(message, progressToken="t"), modern_headers(message))
    return client.post(message, client.open() if way == "session" else {})


@pytest.mark.parametrize("way", ["session", "alone", "modern"])
def test_a_stream_begins_with_the_first_notification(client: Mcp, way: str) -> None:
    """A call that notifies is a stream of the notification and the answer."""
    response = reporting(way, client)

    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-cache, no-transform"
    told, answer = messages(response)
    assert told["method"] == "notifications/progress"
    assert told["params"] == {"progressToken": "t", "progress": 1, "total": 2}
    assert answer["result"]["content"][0]["text"] == "done"


def test_an_error_after_a_notification_is_an_event(client: Mcp) -> None:
    """The status was sent already, so the error comes in the stream."""
    response = reporting("modern", client, fail=-32602)

    assert response.status_code == 200
    assert messages(response)[-1]["error"] == {"code": -32602, "message": "failed late"}


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (-32700, 400),
        (-32600, 400),
        (-32602, 400),
        (-32601, 404),
        (-32603, 200),
        (-32020, 400),
        (-32021, 400),
        (-32022, 400),
        (-32000, 200),
        (7, 200),
    ],
)
def test_a_modern_error_has_the_status_of_its_code(client: Mcp, code: int, status: int) -> None:
    """Only the modern era says errors by status; in the handshake era they are 200."""
    modern = client.modern(call("fail", code=code))
    handshake = client.post(call("fail", code=code), client.open())

    assert (modern.status_code, modern.json()["error"]["code"]) == (status, code)
    assert handshake.status_code == 200


# Modern requests


def test_a_modern_request_needs_no_session(client: Mcp) -> None:
    """discover, list, call and read, each by itself; an old session id is not looked at."""
    for message in (
        request("server/discover"),
        request("tools/list"),
        call("echo", text="x"),
        request("resources/read", uri="data://a"),
    ):
        response = client.modern(message, {"mcp-session-id": "stale", "last-event-id": "stale"})
        assert response.status_code == 200
        assert "mcp-session-id" not in response.headers
        result = response.json()["result"]
        assert result["resultType"] == "complete"
        server_info = result["_meta"]["io.modelcontextprotocol/serverInfo"]
        assert (server_info["name"], server_info["version"]) == ("x", "1")


def test_discover_tells_the_modern_versions(client: Mcp) -> None:
    """What a client needs to decide on an era, and how long it may be kept."""
    result = client.modern(request("server/discover")).json()["result"]

    assert result["supportedVersions"] == [MODERN]
    assert "tools" in result["capabilities"]
    assert (result["ttlMs"], result["cacheScope"]) == (0, "private")


ECHO = call("echo", "id-5", text="x")
META = {VERSION_KEY: MODERN, CAPABILITIES_KEY: {}}


def altered(**meta: Any) -> dict[str, Any]:
    """`ECHO` in an envelope with these changes; None removes a member."""
    keys = {"version": VERSION_KEY, "capabilities": CAPABILITIES_KEY}
    whole = {**META, **{keys.get(name, name): value for name, value in meta.items()}}
    own = {name: value for name, value in whole.items() if value is not None}
    return {**ECHO, "params": {**ECHO["params"], "_meta": own}}


HEADERS = modern_headers(ECHO)
VERSION, METHOD, NAME = "mcp-protocol-version", "mcp-method", "mcp-name"
LADDER: list[tuple[str, dict[str, Any], dict[str, str | None], int, int]] = [
    ("no version header", altered(), {VERSION: None}, 400, -32020),
    ("another version header", altered(), {VERSION: HANDSHAKE}, 400, -32020),
    ("unknown version header", altered(), {VERSION: "2099-01-01"}, 400, -32020),
    ("no method header", altered(), {METHOD: None}, 400, -32020),
    ("another method header", altered(), {METHOD: "tools/list"}, 400, -32020),
    ("method header in other case", altered(), {METHOD: "Tools/Call"}, 400, -32020),
    ("no name header", altered(), {NAME: None}, 400, -32020),
    ("another name header", altered(), {NAME: "other"}, 400, -32020),
    ("name that is no base64", altered(), {NAME: "=?base64?%%%?="}, 400, -32020),
    ("no envelope", {**ECHO, "params": ECHO["params"]}, {}, 400, -32602),
    ("no capabilities", altered(capabilities=None), {}, 400, -32602),
    ("no version member", altered(version=None), {}, 400, -32602),
    ("capabilities of a wrong type", altered(capabilities=[]), {}, 400, -32602),
    ("version of a wrong type", altered(version=5), {}, 400, -32602),
    ("bad log level", altered(**{"io.modelcontextprotocol/logLevel": "x"}), {}, 400, -32602),
    ("bad progress token", altered(progressToken=[1]), {}, 400, -32602),
    ("bad client info", altered(**{"io.modelcontextprotocol/clientInfo": 5}), {}, 400, -32602),
    (
        "version that is not served",
        altered(version="2099-01-01"),
        {VERSION: "2099-01-01"},
        400,
        -32022,
    ),
    ("handshake version", altered(version=HANDSHAKE), {VERSION: HANDSHAKE}, 400, -32022),
    ("no envelope, unknown version", ECHO, {VERSION: "2099-01-01"}, 400, -32602),
]


@pytest.mark.parametrize(
    ("message", "headers", "status", "code"),
    [pytest.param(*row[1:], id=row[0]) for row in LADDER],
)
def test_a_modern_request_is_checked_rung_by_rung(
    client: Mcp, message: Any, headers: dict[str, str | None], status: int, code: int
) -> None:
    """Each mistake has its code and status, and is told under the request's id."""
    response = client.post(message, {**HEADERS, **headers})

    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert response.json()["id"] == "id-5"


def test_an_unsupported_version_names_what_is_supported(client: Mcp) -> None:
    """The data has what the client needs for its retry."""
    response = client.post(altered(version="2099-01-01"), {**HEADERS, VERSION: "2099-01-01"})

    assert response.json()["error"]["data"] == {"supported": [MODERN], "requested": "2099-01-01"}


def test_a_header_that_disagrees_wins_over_an_unsupported_version(client: Mcp) -> None:
    """The rungs have an order (PROTOCOL 1.3.2)."""
    response = client.post(altered(version="2099-01-01"), HEADERS)

    assert response.json()["error"]["code"] == -32020


@pytest.mark.parametrize("name", [VERSION, METHOD, NAME])
def test_a_routing_header_sent_twice_is_a_mismatch(client: Mcp, name: str) -> None:
    """Two proxies could each believe another one."""
    headers = [*HEADERS.items(), (name, HEADERS[name]), ("accept", BOTH)]
    headers.append(("content-type", "application/json"))
    content = json.dumps(altered()).encode()

    response = client.client.post(client.url, content=content, headers=headers)

    assert (response.status_code, response.json()["error"]["code"]) == (400, -32020)


def test_a_name_outside_ascii_is_encoded(client: Mcp) -> None:
    """The sentinel form is decoded before it is compared."""
    response = client.modern(call("名前"), {"mcp-name": "=?base64?5ZCN5YmN?="})

    assert response.json()["result"]["content"][0]["text"] == "found"


def test_an_unknown_modern_method_is_404(client: Mcp) -> None:
    """-32601; so is one of the handshake era."""
    for method in ("tools/explode", "ping", "logging/setLevel"):
        response = client.modern(request(method))
        assert (response.status_code, response.json()["error"]["code"]) == (404, -32601)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_modern_get_and_delete_are_405(client: Mcp, method: str) -> None:
    """A modern client only posts; Allow says so."""
    headers = {"mcp-protocol-version": MODERN, "accept": "text/event-stream"}

    response = client.client.request(method, client.url, headers=headers)

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_modern_notifications_are_acknowledged(client: Mcp) -> None:
    """202 under a version that is served; -32022 under one that is not."""
    message = notification("notifications/cancelled", requestId=1)

    good = client.post(message, {VERSION: MODERN})
    bad = client.post(message, {VERSION: "2099-01-01"})

    assert (good.status_code, good.content) == (202, b"")
    assert (bad.status_code, bad.json()["error"]["code"]) == (400, -32022)


def test_modern_batches_are_refused(client: Mcp) -> None:
    """One request, one POST."""
    response = client.post([enveloped(request("tools/list"))], {VERSION: MODERN})

    assert (response.status_code, response.json()["error"]["code"]) == (400, -32600)
