"""Area I: the REST view and the probes, row by row; and S318."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from apps import SECONDS, call, initialize, served
from callers import USER, knows_callers
from processes import http_server

from fastmcp import FastMCP
from fastmcp.client import AsyncMCPClient, MCPClient
from fastmcp.exceptions import ToolError
from fastmcp.server.auth import AuthContext
from fastmcp.server.middleware import Middleware

SECRET = b"secret"
SIGNATURE = hmac.new(SECRET, b"secure/config", hashlib.sha256).hexdigest()


class Doubling(Middleware):
    """Doubles every number that a tool is given."""

    async def on_call_tool(self, context: Any, call_next: Any) -> Any:
        given = context.message.arguments
        context.message.arguments = {
            name: value * 2 if isinstance(value, int) else value for name, value in given.items()
        }
        return await call_next(context)


def has_token(context: AuthContext) -> bool:
    return context.token is not None


def server(**options: Any) -> FastMCP:
    mcp = FastMCP("service", version="1.0", **options)

    @mcp.tool
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @mcp.tool
    def fail() -> str:
        """Fail."""
        raise ToolError("The disk is full")

    @mcp.resource("config/database")
    def database() -> str:
        """Where the database is."""
        return json.dumps({"host": "localhost", "port": 5432})

    @mcp.resource("api/docs")
    def docs() -> str:
        """How to use it."""
        return "# API\n\nPost to it."

    @mcp.resource("secure/config")
    def secure(signature: str | None = None) -> str:
        """Only for those who can sign."""
        if not hmac.compare_digest(signature or "", SIGNATURE):
            return json.dumps({"error": "Invalid signature"})
        return json.dumps({"key": "k"})

    return mcp


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    """A client of the server object itself, as `uvicorn main:mcp` serves it."""
    with served(server()) as base, httpx2.Client(base_url=base, timeout=SECONDS) as client:
        yield client


def test_s164_tools_are_a_json_array(client: httpx2.Client) -> None:
    """Objects with name, description and inputSchema."""
    answer = client.get("/tools")

    assert answer.status_code == 200
    assert [(tool["name"], tool["description"]) for tool in answer.json()] == [
        ("add", "Add two numbers."),
        ("fail", "Fail."),
    ]
    assert answer.json()[0]["inputSchema"]["properties"]["a"]["type"] == "integer"


def test_s165_a_tool_is_called_with_its_arguments(client: httpx2.Client) -> None:
    """The plain value; 404, 422 and 500 with an error for what goes wrong."""
    done = client.post("/tools/add", json={"a": 2, "b": 3})
    unknown = client.post("/tools/subtract", json={})
    bad = client.post("/tools/add", json={"a": 2, "b": "x"})
    no_object = client.post("/tools/add", json=[2, 3])
    failed = client.post("/tools/fail", json={})

    assert (done.status_code, done.json()) == (200, 5)
    assert [each.status_code for each in (unknown, bad, no_object, failed)] == [404, 422, 400, 500]
    assert failed.json() == {"error": {"message": "The disk is full"}}
    assert bad.json()["error"]["details"][0]["path"] == ["b"]
    assert all(each.json()["error"]["message"] for each in (unknown, no_object))


def test_s166_resources_are_a_json_array(client: httpx2.Client) -> None:
    """Objects with name, uri and description."""
    answer = client.get("/resources")

    assert answer.status_code == 200
    assert answer.json()[0] == {
        "name": "database",
        "uri": "resource://config/database",
        "description": "Where the database is.",
        "mimeType": "text/plain",
    }
    assert len(answer.json()) == 3


def test_s167_a_resource_is_read_by_its_name(client: httpx2.Client) -> None:
    """With slashes in it, or by its function; as what it is; the query feeds its parameters."""
    database, by_function = (
        client.get("/resources/config/database"),
        client.get("/resources/database"),
    )
    docs = client.get("/resources/api/docs")
    unsigned = client.get("/resources/secure/config")
    signed = client.get("/resources/secure/config", params={"signature": SIGNATURE})

    assert database.headers["content-type"] == "application/json"
    assert database.json() == by_function.json() == {"host": "localhost", "port": 5432}
    assert docs.headers["content-type"] == "text/markdown; charset=utf-8"
    assert docs.text == "# API\n\nPost to it."
    assert unsigned.json() == {"error": "Invalid signature"}
    assert signed.json() == {"key": "k"}
    assert client.get("/resources/nowhere").status_code == 404


def test_s168_rest_honours_checks_and_middleware() -> None:
    """As MCP does: what the caller may not see is not there, what is changed is changed."""
    mcp = server(middleware=[Doubling()])
    mcp.tool(lambda: "treasure", name="secret", auth=has_token)
    app = mcp.http_app(rest=True, middleware=knows_callers())
    known = {USER: "ada"}

    with served(app) as base, httpx2.Client(base_url=base, timeout=SECONDS) as client:
        assert client.post("/tools/add", json={"a": 2, "b": 3}).json() == 10
        assert client.post("/tools/secret", json={}, headers=known).json() == "treasure"
        assert client.post("/tools/secret", json={}).status_code == 404
        listed = [
            {tool["name"] for tool in client.get("/tools", headers=headers).json()}
            for headers in (known, {})
        ]
    assert listed[0] - listed[1] == {"secret"}


class NeedsToken:
    """ASGI middleware: 401 for whoever has no token."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and b"authorization" not in dict(scope["headers"]):
            headers = [(b"www-authenticate", b"Bearer"), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self.app(scope, receive, send)


def test_s168_what_guards_the_application_guards_rest() -> None:
    """Without a token every path is 401, with one it is served."""
    from starlette.middleware import Middleware as ASGIMiddleware

    app = server().http_app(rest=True, middleware=[ASGIMiddleware(NeedsToken)])
    paths = ["/tools", "/resources", "/resources/api/docs", "/prompts", "/openapi.json"]

    with served(app) as base, httpx2.Client(base_url=base, timeout=SECONDS) as client:
        without = [client.get(path).status_code for path in paths]
        headers = {"authorization": "Bearer t"}
        with_one = [client.get(path, headers=headers).status_code for path in paths]
        called = client.post("/tools/add", json={"a": 1, "b": 1})

    assert set(without) == {401}
    assert set(with_one) == {200}
    assert called.status_code == 401


def test_s168_rest_is_off_in_http_app_and_on_in_the_server_object() -> None:
    """http_app() has no path besides its own, unless rest=True; `uvicorn main:mcp` has."""
    mcp = server()
    seen = {}
    for name, app in {
        "http_app": mcp.http_app(),
        "asked for": mcp.http_app(rest=True),
        "object": mcp,
    }.items():
        with served(app) as base:
            seen[name] = httpx2.get(f"{base}/tools").status_code

    assert seen == {"http_app": 404, "asked for": 200, "object": 200}


RUNNING = """
import os
from fastmcp import FastMCP
from fastmcp.transports import HttpTransport

mcp = FastMCP("running")

@mcp.tool
def add(a: int, b: int) -> int:
    return a + b

port = int(os.environ["PORT"])
if os.environ["HOW"] == "run_http":
    mcp.run_http(host="127.0.0.1", port=port)
elif os.environ["HOW"] == "run_with_transport":
    mcp.run_with_transport(HttpTransport(host="127.0.0.1", port=port))
else:
    mcp.run(transport="http", host="127.0.0.1", port=port)
"""


@pytest.mark.parametrize(
    ("how", "status"), [("run_http", 200), ("run_with_transport", 200), ("run", 404)]
)
def test_s168_rest_and_s169_health_are_on_where_the_framework_owns_the_port(
    tmp_path: Path, how: str, status: int
) -> None:
    """run_http and run_with_transport have both; run(transport="http") has them when asked."""
    script = tmp_path / "running.py"
    script.write_text(RUNNING)

    with (
        http_server([script], tmp_path / "log", env={"HOW": how}) as process,
        httpx2.Client(base_url=process.url.removesuffix("/mcp"), timeout=SECONDS) as client,
    ):
        assert client.get("/tools").status_code == status
        assert client.get("/health").status_code == status
        called = client.post("/tools/add", json={"a": 1, "b": 2})
        over_mcp = client.post("/mcp", json=call("add", a=1, b=2))

    assert (called.status_code, called.text) == (
        (200, "3") if status == 200 else (404, called.text)
    )
    assert over_mcp.status_code == 200


def test_s169_health_needs_no_code_and_a_route_of_the_users_wins(client: httpx2.Client) -> None:
    """200 {"status": "healthy"}; a custom route at /health answers instead."""
    mcp = server()

    @mcp.custom_route("/health", methods=["GET"])
    async def health(request: Any) -> dict[str, str]:
        return {"status": "mine"}

    answer = client.get("/health")
    with served(mcp) as base:
        own = httpx2.get(f"{base}/health")

    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
    assert own.json() == {"status": "mine"}


def test_s171_clients_take_the_base_url() -> None:
    """Without a path, both plain clients find the endpoint beside REST and the probes."""
    with served(server()) as base:
        with MCPClient(base) as plain:
            assert plain.call_tool("add", {"a": 2, "b": 3}) == 5

        async def main() -> Any:
            async with AsyncMCPClient(base) as client:
                return await client.call_tool("add", {"a": 2, "b": 3})

        assert asyncio.run(main()) == 5
        assert httpx2.post(f"{base}/mcp", json=initialize()).status_code == 200


def test_s318_orchestrators_are_told_of_life_and_readiness(client: httpx2.Client) -> None:
    """GET and HEAD of /health and /ready, without a token, never from a cache."""
    for path, status in (("/health", "healthy"), ("/ready", "ready")):
        got, head = client.get(path), client.head(path)

        assert (got.status_code, got.json()["status"]) == (200, status)
        assert (head.status_code, head.content) == (200, b"")
        assert got.headers["cache-control"] == "no-store"
