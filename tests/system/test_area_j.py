"""Area J: custom routes beside the MCP endpoint, row by row."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import functools
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from apps import Mcp, http, initialize
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount

from fastmcp import Context, FastMCP
from fastmcp.server.dependencies import get_http_headers, get_http_request


@dataclasses.dataclass
class Health:
    status: str
    since: datetime.date


def site() -> FastMCP:
    """A server with a route of every kind."""
    mcp = FastMCP("site")

    @mcp.tool
    def host(ctx: Context) -> str:
        return get_http_headers(include={"x-mine"})["x-mine"]

    @mcp.custom_route("/health", methods=["GET"])
    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok", "by": request.method})

    @mcp.custom_route("/bare", methods=["GET"])
    async def bare() -> dict[str, str]:
        return {"status": "healthy", "service": "mcp-server"}

    @mcp.custom_route("/thread", methods=["GET"])
    def thread() -> str:
        return threading.current_thread().name

    @mcp.custom_route("/items/{id:int}", methods=["GET", "POST"])
    def item(request: Request, scale: int = 2) -> list[Any]:
        return [request.method, request.path_params["id"] * scale]

    @mcp.custom_route("/optional", methods=["GET"])
    def optional(request: Request | None = None) -> str:
        return "none" if request is None else request.url.path

    @mcp.custom_route("/made", methods=["POST"])
    async def made() -> tuple[dict[str, int], int, dict[str, str]]:
        return {"id": 7}, 201, {"location": "/items/7"}

    @mcp.custom_route("/teapot", methods=["GET"])
    def teapot() -> tuple[str, int]:
        return "short and stout", 418

    @mcp.custom_route("/point", methods=["GET"])
    def point() -> tuple[int, int]:
        return 3, 4

    @mcp.custom_route("/nothing", methods=["GET"])
    def nothing() -> None:
        return None

    @mcp.custom_route("/bytes", methods="GET")
    def data() -> bytes:
        return b"\x00\x01"

    @mcp.custom_route("/typed", methods=["GET"])
    def typed() -> Health:
        return Health("ok", datetime.date(2026, 11, 21))

    @mcp.custom_route("/refusing", methods=["GET"])
    def refusing() -> str:
        raise HTTPException(409, "not now")

    @mcp.custom_route("/unwritable", methods=["GET"])
    def unwritable() -> Any:
        return {"thread": threading.current_thread()}

    @mcp.custom_route("/called", methods=["GET"])
    async def called(request: Request) -> list[str]:
        return [await mcp.call_tool("host"), get_http_request().url.path]

    @mcp.custom_route("/class", methods=["GET"])
    class Endpoint(HTTPEndpoint):
        async def get(self, request: Request) -> Response:
            return PlainTextResponse("of a class")

    mcp.custom_route("/partial", methods=["GET"])(functools.partial(item_of, "a"))
    return mcp


async def item_of(kind: str, request: Request) -> str:
    return f"{kind} at {request.url.path}"


@pytest.fixture(scope="module")
def client() -> Iterator[Mcp]:
    with http(site()) as client:
        yield client


def get(client: Mcp, path: str, **options: Any) -> httpx2.Response:
    return client.client.get(client.base + path, **options)


def test_s172_a_custom_route_is_served_beside_the_endpoint(client: Mcp) -> None:
    """An async handler with the request, and a Starlette response, path parameters included."""
    assert get(client, "/health").json() == {"status": "ok", "by": "GET"}
    assert client.post(initialize()).status_code == 200


@pytest.mark.parametrize(
    ("path", "type", "body"),
    [
        ("/bare", "application/json", '{"status":"healthy","service":"mcp-server"}'),
        ("/items/4", "application/json", '["GET",8]'),
        ("/optional", "text/plain", "/optional"),
        ("/point", "application/json", "[3,4]"),
        ("/bytes", "application/octet-stream", "\x00\x01"),
        ("/typed", "application/json", '{"status":"ok","since":"2026-11-21"}'),
        ("/class", "text/plain", "of a class"),
        ("/partial", "text/plain", "a at /partial"),
    ],
    ids=lambda value: value if value[:1] == "/" else "",
)
def test_s173_handlers_take_what_they_want_and_return_plain_data(
    client: Mcp, path: str, type: str, body: str
) -> None:
    """The request where there is a parameter for it; text as text, and other data as JSON."""
    response = get(client, path)

    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == type
    assert response.text == body


def test_s173_a_tuple_has_the_status_and_the_headers(client: Mcp) -> None:
    """(value, status) and (value, status, headers); nothing at all is 204."""
    made = client.client.post(f"{client.base}/made")
    answers = [get(client, path) for path in ("/teapot", "/nothing")]

    assert (made.status_code, made.json(), made.headers["location"]) == (201, {"id": 7}, "/items/7")
    assert [(a.status_code, a.text) for a in answers] == [(418, "short and stout"), (204, "")]


def test_s173_a_plain_handler_runs_in_a_worker_thread(client: Mcp) -> None:
    """So that one that blocks never stops the server."""
    assert get(client, "/thread").text.startswith("fastmcp-worker")


async def asked(app: Any, path: str) -> httpx2.Response:
    """What an application answers in this process, where its errors are raised."""
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path)


def test_s173_what_a_handler_raises_is_answered_as_starlette_does(client: Mcp) -> None:
    """An HTTPException has its status; a value that has no JSON is a 500, and the log says why."""
    refused = get(client, "/refusing")

    assert (refused.status_code, refused.text) == (409, "not now")
    assert get(client, "/unwritable").status_code == 500
    with pytest.raises(ValueError, match="return data"):
        asyncio.run(asked(site().http_app(), "/unwritable"))


def test_s173_a_handler_uses_the_server_on_behalf_of_its_request(client: Mcp) -> None:
    """The tool that it calls sees the HTTP request, as the handler itself does."""
    assert get(client, "/called", headers={"x-mine": "7"}).json() == ["7", "/called"]


def test_s173_the_function_stays_what_it_is() -> None:
    """The decorator gives it back, and the route knows its name."""
    mcp = FastMCP("x")

    @mcp.custom_route("/sum", methods=["GET"])
    def total() -> int:
        return 3

    app = mcp.http_app()
    (route,) = [route for route in app.routes if getattr(route, "path", "") == "/sum"]

    assert total() == 3
    assert route.name == "total"
    assert app.url_path_for("total") == "/sum"


def test_s174_routes_come_along_when_mounted() -> None:
    """At the prefix and the route's own path; the parent's root is the parent's."""
    app = site().http_app()
    parent = Starlette(routes=[Mount("/deep", Starlette(routes=[Mount("/er", app)]))])

    with http(parent) as client:
        assert get(client, "/deep/er/health").json() == {"status": "ok", "by": "GET"}
        assert get(client, "/deep/er/items/2").json() == ["GET", 4]
        assert get(client, "/health").status_code == 404


def test_s176_other_methods_are_refused_with_those_that_there_are(client: Mcp) -> None:
    """405 and Allow; HEAD comes along with GET."""
    posted = client.client.post(f"{client.base}/health")
    put = client.client.put(f"{client.base}/items/1")

    assert (posted.status_code, put.status_code) == (405, 405)
    assert set(posted.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert set(put.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert client.client.head(f"{client.base}/health").status_code == 200


def test_s177_the_server_is_in_the_handlers_hands() -> None:
    """request.app.state.fastmcp_server, in the application alone and mounted."""
    mcp = FastMCP("mine")
    app = mcp.http_app()

    @mcp.custom_route("/tools-of-mine", methods=["GET"])
    async def names(request: Request) -> list[str]:
        server: FastMCP = request.app.state.fastmcp_server
        return [server.name, str(server is mcp)]

    parent = Starlette(routes=[Mount("/sub", app)])
    for outer, prefix in ((app, ""), (parent, "/sub")):
        assert asyncio.run(asked(outer, f"{prefix}/tools-of-mine")).json() == ["mine", "True"]
