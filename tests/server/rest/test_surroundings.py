"""What stands around a REST request: middleware, checks, limits, guards, routes, the lifespan."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from apps import SECONDS, served
from callers import USER, knows_callers
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.auth import AuthContext
from fastmcp.server.dependencies import get_http_headers
from fastmcp.server.http.rest import rest_routes
from fastmcp.server.http.settings import HttpSettings
from fastmcp.server.middleware import Middleware

from .reached import at, message, rest


class Noting(Middleware):
    """Notes every method, refuses the tool `closed`, hides the tool `inner`, doubles results."""

    def __init__(self) -> None:
        self.seen: list[tuple[str | None, Any]] = []

    async def on_request(self, context: Any, call_next: Any) -> Any:
        self.seen.append((context.method, getattr(context.message, "arguments", None)))
        return await call_next(context)

    async def on_call_tool(self, context: Any, call_next: Any) -> Any:
        if context.message.name == "closed":
            raise ToolError("Closed today")
        return await call_next(context)

    async def on_list_tools(self, context: Any, call_next: Any) -> Any:
        return [tool for tool in await call_next(context) if tool.name != "inner"]


def test_every_request_goes_through_the_middleware() -> None:
    """As those of the protocol do: what it sees, refuses and filters."""
    noting = Noting()
    mcp = FastMCP("x", middleware=[noting])
    mcp.tool(lambda a: a, name="echo")
    mcp.tool(lambda: 1, name="closed")
    mcp.tool(lambda: 1, name="inner")
    mcp.resource("r", name="r")(lambda: "r")
    mcp.prompt(lambda: "p", name="p")

    with rest(mcp) as client:
        assert client.post("/tools/echo", json={"a": [1]}).json() == [1]
        closed = client.post("/tools/closed", json={})
        listed = [each["name"] for each in client.get("/tools").json()]
        client.get("/resources/r")
        client.get("/resources")
        client.get("/prompts/p")
        document = client.get("/openapi.json").json()

    assert (closed.status_code, message(closed)) == (500, "Closed today")
    assert listed == ["echo", "closed"]
    assert "/tools/inner" not in document["paths"]
    assert noting.seen[:6] == [
        ("tools/call", {"a": [1]}),
        ("tools/call", {}),
        ("tools/list", None),
        ("resources/read", None),
        ("resources/list", None),
        ("prompts/get", {}),
    ]


def is_ada(context: AuthContext) -> bool:
    return context.token is not None and context.token.claims["sub"] == "ada"


def test_a_component_that_the_caller_may_not_use_is_not_there() -> None:
    """The checks of `auth=` are asked for every list, call, read and document."""
    mcp = FastMCP("x")

    @mcp.tool(auth=is_ada)
    def whoami(ctx: Context) -> str:
        return str(ctx.user_info["sub"])

    @mcp.resource("secret/{key}", auth=is_ada, name="secret")
    def secret(key: str) -> str:
        return "treasure"

    with rest(mcp, middleware=knows_callers()) as client:
        ada, eve = {USER: "ada"}, {USER: "eve"}
        assert client.post("/tools/whoami", json={}, headers=ada).json() == "ada"
        assert client.get("/resources/secret/a", headers=ada).text == "treasure"
        assert len(client.get("/tools", headers=ada).json()) == 1
        assert "/tools/whoami" in client.get("/openapi.json", headers=ada).json()["paths"]
        for headers in (eve, {}):
            assert client.post("/tools/whoami", json={}, headers=headers).status_code == 404
            assert client.get("/resources/secret/a", headers=headers).status_code == 404
            assert client.get("/resources/secret", headers=headers).status_code == 404
            assert client.get("/tools", headers=headers).json() == []
            document = client.get("/openapi.json", headers=headers).json()
            assert "/tools/whoami" not in document["paths"]


def test_a_function_sees_the_request_that_it_serves() -> None:
    """Its headers, its path, the state of the application, the lifespan; a session of its own."""

    @asynccontextmanager
    async def lifespan(server: Any) -> AsyncGenerator[dict[str, int]]:
        yield {"pool": 7}

    mcp = FastMCP("x", lifespan=lifespan)

    @mcp.tool
    def look(ctx: Context) -> dict[str, Any]:
        assert ctx.request is not None
        return {
            "path": ctx.request.url.path,
            "header": get_http_headers()["x-colour"],
            "transport": ctx.transport,
            "pool": ctx.lifespan_context["pool"],
            "name": ctx.app_state.fastmcp_server.name,
            "session": ctx.session_id,
        }

    with rest(mcp) as client:
        first, second = (
            client.post("/tools/look", json={}, headers={"x-colour": "red"}).json()
            for _ in range(2)
        )

    assert first.pop("session") != second.pop("session")
    assert first == {
        "path": "/tools/look",
        "header": "red",
        "transport": "streamable-http",
        "pool": 7,
        "name": "x",
    }


def len_of(a: str) -> int:
    return len(a)


def test_a_body_over_the_limit_is_refused() -> None:
    """413 by the declared length, and by what really comes."""
    mcp = FastMCP("x")
    mcp.tool(len_of, name="length")
    kind = {"content-type": "application/json"}

    with rest(mcp, max_request_size=1000) as client:
        fits = client.post("/tools/length", json={"a": "x" * 900})
        declared = client.post("/tools/length", json={"a": "x" * 1000})
        streamed = client.post("/tools/length", content=iter([b" " * 600] * 2), headers=kind)

    assert fits.text == "900"
    assert declared.status_code == streamed.status_code == 413
    assert message(declared) == message(streamed) == "The body is larger than 1000 bytes"


def test_a_refused_body_lets_its_client_read_the_refusal() -> None:
    """413 arrives although the client goes on sending what nobody wants."""
    head = "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

    with rest(FastMCP("x"), max_request_size=1000) as client:
        url = client.base_url.join("tools/length")
        with socket.create_connection((url.host, url.port or 80), timeout=SECONDS) as line:
            line.sendall(head.format(path=url.path).encode() + b"Content-Length: 9000000\r\n\r\n")
            for _ in range(90):
                line.sendall(b" " * 100_000)
            answer = b"".join(iter(lambda: line.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b'"message":"The body is larger than 1000 bytes"}}')


def test_a_request_over_the_time_limit_is_504() -> None:
    """`request_timeout` is for REST as well; what is quick enough is served."""
    mcp = FastMCP("x")
    ended = threading.Event()

    @mcp.tool
    async def slow() -> str:
        try:
            await asyncio.sleep(SECONDS)
        finally:
            ended.set()
        return "done"

    @mcp.tool
    async def gives_up() -> str:
        raise TimeoutError("elsewhere")

    mcp.resource("quick", name="quick")(lambda: "quick")
    with rest(mcp, request_timeout=0.2) as client:
        late = client.post("/tools/slow", json={})
        own = client.post("/tools/gives_up", json={})
        assert client.get("/resources/quick").text == "quick"

    assert late.status_code == 504
    assert message(late) == ("The request took longer than the 0.2 seconds that this server allows")
    assert ended.is_set()
    assert own.status_code == 500


def test_a_call_ends_when_its_client_leaves() -> None:
    """Nobody waits for it any more."""
    mcp = FastMCP("x")
    began, ended = threading.Event(), threading.Event()

    @mcp.tool
    async def slow() -> None:
        began.set()
        try:
            await asyncio.sleep(SECONDS)
        finally:
            ended.set()

    with rest(mcp) as client:
        host, port = client.base_url.host, client.base_url.port
        with socket.create_connection((host, port or 80)) as raw:
            raw.sendall(
                b"POST /tools/slow HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
            )
            assert began.wait(SECONDS)
        assert ended.wait(SECONDS)
        assert client.get("/tools").status_code == 200


def test_foreign_hosts_and_origins_are_refused() -> None:
    """On loopback no web page reaches a tool, whatever name it calls this machine."""
    mcp = FastMCP("x")
    mcp.tool(lambda: 1, name="f")

    with rest(mcp, health=True) as client:
        origin = client.post("/tools/f", json={}, headers={"origin": "https://evil.example"})
        host = client.get("/tools", headers={"host": "evil.example"})
        document = client.get("/openapi.json", headers={"host": "evil.example"})
        own = client.post("/tools/f", json={}, headers={"origin": str(client.base_url).rstrip("/")})

    assert origin.status_code == 403
    assert host.status_code == document.status_code == 421
    assert own.status_code == 200


def test_a_route_that_was_moved_is_guarded_all_the_same() -> None:
    """Put into another application, it has the guard and the middleware of its own around it."""
    mcp = FastMCP("x")
    mcp.tool(lambda ctx=None: 1, name="f", auth=is_ada)
    app = mcp.http_app(rest=True, middleware=knows_callers())
    moved = Starlette(routes=[*app.routes], lifespan=app.lifespan)

    with at(moved) as client:
        origin = client.get("/tools", headers={"origin": "https://evil.example"})
        known = client.post("/tools/f", json={}, headers={USER: "ada"})
        unknown = client.post("/tools/f", json={})

    assert origin.status_code == 403
    assert (known.status_code, unknown.status_code) == (200, 404)


def test_a_route_of_the_users_wins() -> None:
    """Registered before the application is made, and after; other methods and paths stay."""
    mcp = FastMCP("x")
    mcp.tool(lambda: "tool", name="f")
    mcp.tool(lambda: "tool", name="g")

    @mcp.custom_route("/tools/f", methods=["POST"])
    async def early(request: Request) -> PlainTextResponse:
        return PlainTextResponse("early")

    app = mcp.http_app(rest=True, health=True)

    @mcp.custom_route("/health", methods=["GET"])
    async def late(request: Request) -> PlainTextResponse:
        return PlainTextResponse("late")

    with at(app) as client:
        assert client.post("/tools/f", json={}).text == "early"
        assert client.post("/tools/g", json={}).json() == "tool"
        assert client.get("/health").text == "late"
        assert client.get("/ready").json() == {"status": "ready"}


@pytest.mark.parametrize("path", ["/tools", "/openapi.json", "/resources", "/prompts", "/health"])
def test_it_is_off_unless_it_is_asked_for(path: str) -> None:
    """An application to be mounted takes no path that it was not given."""
    mcp = FastMCP("x")

    with at(mcp.http_app()) as off, at(mcp) as on:
        assert off.get(path).status_code == 404
        assert on.get(path).status_code == 200


def test_two_servers_are_mounted_side_by_side() -> None:
    """Each has its own view below its own path."""
    apps = {}
    for name in ("a", "b"):
        mcp = FastMCP(name)
        mcp.tool(lambda name=name: name, name="who", output_schema=None)
        mcp.resource("files/{path*}", name="file")(lambda path: path)
        apps[name] = mcp.http_app(rest=True)
    lifespans = [app.lifespan for app in apps.values()]

    @asynccontextmanager
    async def both(outer: Any) -> AsyncGenerator[None]:
        async with lifespans[0](outer), lifespans[1](outer):
            yield

    outer = Starlette(routes=[Mount(f"/x/{n}", app) for n, app in apps.items()], lifespan=both)
    with served(outer) as base, httpx2.Client(timeout=SECONDS) as client:
        for name in apps:
            assert client.post(f"{base}/x/{name}/tools/who", json={}).json() == name
            assert client.get(f"{base}/x/{name}/resources/files/a%2Fb").text == "a/b"


def test_a_forgotten_lifespan_starts_with_the_first_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As for MCP: it works, and says what is missing."""

    @asynccontextmanager
    async def lifespan(server: Any) -> AsyncGenerator[dict[str, int]]:
        yield {"pool": 7}

    mcp = FastMCP("x", lifespan=lifespan)

    @mcp.tool
    def pool(ctx: Context) -> int:
        return ctx.lifespan_context["pool"]

    bare = Starlette(routes=rest_routes(mcp, HttpSettings(), mcp.session_manager.started))
    with caplog.at_level(logging.WARNING), at(bare) as client:
        assert client.post("/tools/pool", json={}).json() == 7
        assert client.post("/tools/pool", json={}).json() == 7

    assert caplog.text.count("was mounted without its lifespan") == 1
