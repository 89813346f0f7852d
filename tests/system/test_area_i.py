"""Area I: MCP over HTTP in each of its modes, leniency, and pages of other origins."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from typing import Any

import httpx2
import pytest
from apps import (
    BOTH,
    HANDSHAKE,
    SECONDS,
    Mcp,
    call,
    http,
    initialize,
    messages,
    notification,
    request,
    served,
)
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ConfigurationError

MODES: dict[str, dict[str, Any]] = {
    "stateful": {},
    "stateless": {"stateless_http": True},
    "json": {"json_response": True},
    "stateless_json": {"stateless_http": True, "json_response": True},
}


VERSION = {"mcp-protocol-version": HANDSHAKE}


def server() -> FastMCP:
    mcp = FastMCP("area-i")

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    @mcp.tool
    async def narrate(ctx: Context) -> str:
        await ctx.info("half way")
        return "done"

    return mcp


@pytest.fixture(params=MODES, scope="module")
def mode(request: pytest.FixtureRequest) -> Iterator[Mcp]:
    """A server in each of the modes."""
    with http(server(), **MODES[request.param]) as client:
        yield client


def test_s157_a_session_goes_from_initialize_to_delete() -> None:
    """POST gives the id, GET streams under it, DELETE ends it; after that it is 404 everywhere."""
    with http(server()) as client:
        opened = client.post(initialize())
        session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        accepted = client.post(notification("notifications/initialized"), session)
        with client.stream(headers=session) as stream:
            assert stream.status == 200
            assert stream.response.headers["content-type"] == "text/event-stream"
        added = client.post(call("add", a=2, b=3), session)
        ended = client.client.delete(client.url, headers=session)
        after = [
            client.post(call("add", a=2, b=3), session).status_code,
            client.client.delete(client.url, headers=session).status_code,
            client.client.get(
                client.url, headers={**session, "accept": "text/event-stream"}
            ).status_code,
        ]

    assert accepted.status_code == 202
    assert messages(added)[-1]["result"]["structuredContent"] == {"result": 5}
    assert ended.status_code == 200
    assert after == [404, 404, 404]


def test_s158_without_sessions_any_replica_answers() -> None:
    """stateless_http=True: two servers take turns with one client's requests."""
    with ExitStack() as stack:
        replicas = [
            stack.enter_context(http(server(), **MODES["stateless_json"])) for _ in range(2)
        ]
        turns = cycle(replicas)
        opened = next(turns).post(initialize())
        accepted = next(turns).post(notification("notifications/initialized"))
        sums = [next(turns).post(call("add", a=n, b=1), VERSION).json() for n in range(4)]
        methods = [
            next(turns).client.request(method, replicas[0].url).status_code
            for method in ("GET", "DELETE")
        ]

    assert "mcp-session-id" not in opened.headers
    assert accepted.status_code == 202
    assert [answer["result"]["structuredContent"]["result"] for answer in sums] == [1, 2, 3, 4]
    assert methods == [405, 405]


def test_s159_json_response_answers_with_json() -> None:
    """json_response=True, also for a tool that says something on the way."""
    with http(server(), json_response=True) as client:
        session = client.open()
        answers = [
            client.post(call("narrate"), session),
            client.post(call("narrate")),
            client.modern(call("narrate")),
        ]

    assert {answer.headers["content-type"] for answer in answers} == {"application/json"}
    assert {answer.json()["result"]["content"][0]["text"] for answer in answers} == {"done"}


def test_s160_what_a_tool_says_comes_before_its_result() -> None:
    """By default the answer is a stream of events: the message first, and then the result."""
    with http(server()) as client, client.stream(call("narrate"), client.open()) as events:
        kind = events.response.headers["content-type"]
        said, result = events.message(), events.message()

    assert kind == "text/event-stream"
    assert (said["method"], said["params"]["data"]["msg"]) == (
        "notifications/message",
        "half way",
    )
    assert result["result"]["content"][0]["text"] == "done"


def test_s161_one_post_is_a_call_in_every_mode(mode: Mcp) -> None:
    """JSON-RPC with neither initialize nor a session nor an Accept header of its own."""
    answer = httpx2.post(mode.url, json=call("add", 1, a=2, b=3), timeout=SECONDS)

    assert answer.headers["content-type"] == "application/json"
    assert "mcp-session-id" not in answer.headers
    assert answer.json()["result"]["content"] == [{"type": "text", "text": "5"}]
    assert answer.json()["id"] == 1


def test_s162_a_bare_call_is_answered_in_every_mode(mode: Mcp) -> None:
    """{"method", "params"} is a call; its answer is a whole envelope."""
    bare = {"method": "tools/call", "params": {"name": "add", "arguments": {"a": 2, "b": 3}}}

    answer = httpx2.post(mode.url, json=bare, timeout=SECONDS)
    listed = httpx2.post(mode.url, json={"method": "tools/list"}, timeout=SECONDS)
    unknown = httpx2.post(mode.url, json={"method": "no/such"}, timeout=SECONDS)

    assert answer.json()["result"]["structuredContent"] == {"result": 5}
    assert answer.json().keys() == {"jsonrpc", "id", "result"}
    assert [tool["name"] for tool in listed.json()["result"]["tools"]] == ["add", "narrate"]
    assert unknown.json()["error"]["code"] == -32601


def test_s162_what_says_json_rpc_stays_strict(mode: Mcp) -> None:
    """No id is a notification, and a client with a session or a version is held to the rules."""
    bare = {"method": "tools/list"}

    accepted = httpx2.post(mode.url, json=notification("tools/list"), timeout=SECONDS)
    versioned = mode.post(bare, {"mcp-protocol-version": "2025-11-25"})
    wrong = httpx2.post(mode.url, json={"jsonrpc": "1.0", "id": 1, **bare}, timeout=SECONDS)
    form = httpx2.post(mode.url, data={"method": "tools/list"}, timeout=SECONDS)

    assert (accepted.status_code, accepted.content) == (202, b"")
    assert versioned.status_code == wrong.status_code == 400
    assert form.status_code == 415


@pytest.mark.parametrize("accept", [None, "*/*"])
@pytest.mark.parametrize("tool", ["add", "narrate"])
def test_s163_whoever_accepts_anything_gets_json(mode: Mcp, tool: str, accept: str | None) -> None:
    """Without Accept or with */*, whether the tool says something on the way or not."""
    arguments = {"a": 1, "b": 1} if tool == "add" else {}

    answer = mode.client.build_request(
        "POST", mode.url, json=call(tool, **arguments), headers={"accept": accept or "x"}
    )
    if accept is None:
        del answer.headers["accept"]
    response = mode.client.send(answer)

    assert response.headers["content-type"] == "application/json"
    assert response.json()["result"]["content"][0]["text"] in ("2", "done")


def test_s163_curl_gets_json(mode: Mcp) -> None:
    """curl sends */*, and nothing else that MCP asks for."""
    body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"narrate"}}'
    command = ["curl", "-sS", "-i", mode.url, "-H", "Content-Type: application/json", "-d", body]
    command += ["-H", "Accept:"]

    plain, bare = (
        subprocess.run(arguments, capture_output=True, text=True, timeout=SECONDS).stdout
        for arguments in (command[:-2], command)
    )

    for answer in (plain, bare):
        assert answer.startswith("HTTP/1.1 200")
        assert "content-type: application/json" in answer
        assert '"text":"done"' in answer


def test_s163_other_forms_are_still_refused(mode: Mcp) -> None:
    """406 for what is neither JSON nor a stream."""
    assert mode.post(call("add", a=1, b=1), {"accept": "text/html"}).status_code == 406


PAGE = "http://localhost:3000"
OTHER = "http://localhost:4000"


def preflight(client: Mcp, origin: str, path: str = "/mcp", **headers: str) -> httpx2.Response:
    asked = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,mcp-session-id",
        **headers,
    }
    return client.client.options(client.base + path, headers=asked)


def cors_headers(response: httpx2.Response) -> list[str]:
    return [name for name in response.headers if name.startswith("access-control-")]


def test_s170_pages_of_the_listed_origins_use_the_server() -> None:
    """A preflight is answered, for MCP's methods and every header; the session id can be read."""
    with http(server(), cors_origins=[PAGE]) as client:
        asked = preflight(client, PAGE)
        mirrored = preflight(
            client, PAGE, **{"access-control-request-headers": "mcp-param-region,authorization"}
        )
        opened = client.post(initialize(), {"origin": PAGE})
        refused = client.post(b"{", {"origin": PAGE})

    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == PAGE
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        assert method in asked.headers["access-control-allow-methods"]
    assert "mcp-session-id" in asked.headers["access-control-allow-headers"]
    assert "mcp-param-region" in mirrored.headers["access-control-allow-headers"]
    assert int(asked.headers["access-control-max-age"]) > 0
    exposed = opened.headers["access-control-expose-headers"].lower()
    for name in ("mcp-session-id", "mcp-protocol-version", "www-authenticate", "retry-after"):
        assert name in exposed
    assert opened.headers["access-control-allow-origin"] == PAGE
    assert "Origin" in opened.headers["vary"]
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (400, PAGE)


def test_s170_pages_of_other_origins_get_no_header_of_cors() -> None:
    """Neither to a preflight nor to a request; without CORS there are none for anybody."""
    with http(server(), cors_origins=[PAGE]) as client:
        asked = preflight(client, OTHER)
        answered = client.post(initialize(), {"origin": OTHER})
        foreign = preflight(client, "https://evil.example")
    with http(server()) as client:
        off = preflight(client, PAGE)

    assert asked.status_code == foreign.status_code == 403
    assert off.status_code == 405
    for response in (asked, answered, foreign, off):
        assert cors_headers(response) == []


def test_s170_everybody_may_come_but_without_credentials() -> None:
    """cors_origins=["*"] never goes with credentials; a list of origins does."""
    with http(server(), cors_origins=["*"]) as client:
        anybody = preflight(client, "https://any.example")
        answer = client.post(initialize(), {"origin": "https://any.example", "cookie": "a=b"})
    with http(server(), cors_origins=["https://app.example"]) as client:
        listed = preflight(client, "https://app.example")
        reached = client.post(initialize(), {"origin": "https://app.example"})

    for response in (anybody, answer):
        assert response.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in response.headers
    assert listed.headers["access-control-allow-credentials"] == "true"
    assert listed.headers["access-control-allow-origin"] == "https://app.example"
    assert reached.status_code == 200


def test_s170_a_parent_application_has_no_headers_of_cors() -> None:
    """They are for the routes of the application that they were asked for."""
    mcp = server()

    @mcp.custom_route("/hello", methods=["GET"])
    async def hello(request: Any) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = mcp.http_app(cors_origins=[PAGE])

    async def token(request: Any) -> PlainTextResponse:
        return PlainTextResponse("token")

    routes = [Route("/token", token), Mount("/sub", app)]
    with served(Starlette(routes=routes, lifespan=app.lifespan)) as base, Mcp(base) as client:
        inside = preflight(client, PAGE, "/sub/mcp")
        beside = client.client.get(base + "/sub/hello", headers={"origin": PAGE})
        outside = client.client.get(base + "/token", headers={"origin": PAGE})
        asked = preflight(client, PAGE, "/token")

    assert inside.headers["access-control-allow-origin"] == PAGE
    assert beside.headers["access-control-allow-origin"] == PAGE
    assert (outside.text, cors_headers(outside), cors_headers(asked)) == ("token", [], [])


@pytest.mark.parametrize(
    "origins",
    [
        "localhost:3000",
        ["localhost:3000"],
        ["http://localhost:3000/app"],
        ["http://me@localhost:3000"],
        [5],
    ],
    ids=str,
)
def test_s170_what_no_browser_sends_is_no_origin(origins: Any) -> None:
    """It would never match; the error says what an origin is."""
    with pytest.raises(ConfigurationError, match="cors_origins"):
        server().http_app(cors_origins=origins)


@pytest.mark.parametrize(
    ("origins", "page"),
    [
        ("http://localhost:3000", PAGE),
        (["http://LocalHost:3000/"], PAGE),
        (["https://app.example:443"], "https://app.example"),
        (["https://*.app.example"], "https://a.app.example"),
        ("https://a.example, http://localhost:3000", PAGE),
    ],
    ids=str,
)
def test_s170_origins_may_be_written_as_people_write_them(origins: Any, page: str) -> None:
    """And credentials go only where origins are named in full."""
    with http(server(), cors_origins=origins) as client:
        asked, foreign = preflight(client, page), preflight(client, "https://evil.example")

    assert asked.headers["access-control-allow-origin"] == page
    assert ("access-control-allow-credentials" in asked.headers) is ("*" not in str(origins))
    assert foreign.status_code == 403
    assert "cors_origins=['https://evil.example']" in foreign.text


def test_s170_a_stream_reaches_a_page() -> None:
    """Events come as they happen, with the headers that let the page read them."""
    with http(server(), cors_origins=[PAGE]) as client:
        session = {**client.open(), "origin": PAGE}
        with client.stream(call("narrate"), session, accept=BOTH) as events:
            allowed = events.response.headers["access-control-allow-origin"]
            said = events.message()

    assert allowed == PAGE
    assert said["method"] == "notifications/message"


def test_s161_a_ping_without_a_session_needs_no_handshake(mode: Mcp) -> None:
    """Every method of the protocol is there for one request."""
    answer = httpx2.post(mode.url, json=request("ping"), timeout=SECONDS)

    assert answer.json()["result"] == {}
