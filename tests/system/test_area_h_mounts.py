"""Area H, applications in others: mounts, what goes wrong with them, and the pieces by name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import mcp as official
import pytest
from apps import Mcp, http, initialize, request, served
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route

from fastmcp import Client, FastMCP
from fastmcp.server.dependencies import get_http_headers, get_http_request
from fastmcp.server.http import (
    RequestContextMiddleware,
    StarletteWithLifespan,
    StreamableHTTPASGIApp,
    create_base_app,
    create_sse_app,
    create_streamable_http_app,
    set_http_request,
)
from fastmcp.utilities.lifespan import combine_lifespans


def named(name: str = "server", lifespan: Any = None) -> FastMCP:
    """A server with a tool and a route that tell its name."""
    mcp = FastMCP(name, lifespan=lifespan)
    mcp.tool(lambda: name, name="who")

    @mcp.custom_route("/who", methods=["GET"])
    async def who(request: Request) -> PlainTextResponse:
        return PlainTextResponse(name)

    return mcp


def who_is_at(url: str) -> str:
    async def main() -> str:
        async with Client(url, timeout=20) as client:
            return (await client.call_tool("who")).data

    return asyncio.run(main())


def post_to(client: Mcp, *paths: str) -> list[int]:
    """The statuses of a first message at these paths, redirects not followed."""
    return [
        client.post(initialize(), path=path, follow_redirects=False).status_code for path in paths
    ]


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]


def test_s146_mounted_in_starlette_the_endpoint_is_prefix_and_path() -> None:
    """Both clients reach it, with and without the slash at its end."""
    app = named().http_app()
    parent = Starlette(routes=[Mount("/mcp-server", app=app)], lifespan=app.lifespan)

    async def by_official(url: str) -> Any:
        async with official.Client(url, read_timeout_seconds=20) as client:
            return (await client.call_tool("who", {})).content[0]

    with http(parent) as client:
        assert who_is_at(f"{client.base}/mcp-server/mcp") == "server"
        assert asyncio.run(by_official(f"{client.base}/mcp-server/mcp/")).text == "server"
        assert post_to(client, "/mcp", "/mcp-server/other") == [404, 404]


def test_s147_nested_mounts_serve_at_every_depth() -> None:
    """Below two mounts of routes, and below an application in an application."""
    one, two = named("one").http_app(), named("two").http_app()
    inner = FastAPI()
    inner.mount("/inner", two)
    parent = Starlette(
        routes=[Mount("/outer", routes=[Mount("/inner", app=one)]), Mount("/app", app=inner)],
        lifespan=combine_lifespans(one.lifespan, two.lifespan),
    )

    with http(parent) as client:
        assert who_is_at(f"{client.base}/outer/inner/mcp") == "one"
        assert who_is_at(f"{client.base}/app/inner/mcp") == "two"
        get = client.client.get
        assert [get(f"{client.base}/{p}/inner/who").text for p in ("outer", "app")] == [
            "one",
            "two",
        ]


@pytest.mark.parametrize("prefix", ["/mcp-server", ""])
def test_s148_mounted_in_fastapi_it_serves_beside_the_api(prefix: str) -> None:
    """At a prefix, and at the root after the API's own routes; the document of the API is its."""
    app = named().http_app()
    api = FastAPI(lifespan=app.lifespan)

    @api.get("/items")
    def items() -> list[int]:
        return [1]

    api.mount(prefix, app)

    with http(api) as client:
        get = client.client.get
        assert who_is_at(f"{client.base}{prefix}/mcp") == "server"
        assert get(f"{client.base}/items").json() == [1]
        assert get(f"{client.base}{prefix}/who").text == "server"
        assert list(get(f"{client.base}/openapi.json").json()["paths"]) == ["/items"]


def test_s148_several_servers_live_in_one_application() -> None:
    """Each at its own prefix, with its own lifespan, all of them combined."""
    apps = {name: named(name).http_app() for name in ("north", "south", "east")}
    api = FastAPI(lifespan=combine_lifespans(*[app.lifespan for app in apps.values()]))
    for name, app in apps.items():
        api.mount(f"/{name}", app)

    with served(api) as base:
        assert [who_is_at(f"{base}/{name}/mcp") for name in apps] == list(apps)


@pytest.mark.parametrize("parent", [Starlette, FastAPI])
def test_s149_mounted_at_mcp_with_path_slash_both_spellings_answer(
    parent: type[Starlette],
) -> None:
    """At once, without the redirect that browsers' clients and proxies fail at."""
    app = named().http_app(path="/")
    outer = parent(lifespan=app.lifespan)
    outer.mount("/mcp", app)

    with http(outer) as client:
        assert post_to(client, "/mcp", "/mcp/") == [200, 200]
        assert who_is_at(f"{client.base}/mcp") == "server"
        assert client.client.get(f"{client.base}/mcp/who").text == "server"


def test_s149_the_bare_path_stays_the_parents_where_it_has_a_route_for_it() -> None:
    """What the parent has there answers; the endpoint is one slash away."""
    app = named().http_app(path="/")

    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse("a page about it")

    parent = Starlette(
        routes=[Mount("/mcp", app), Route("/mcp", page, methods=["GET", "POST"])],
        lifespan=app.lifespan,
    )
    with http(parent) as client:
        assert client.post(initialize()).text == "a page about it"
        assert post_to(client, "/mcp/") == [200]


def test_s149_without_its_lifespan_the_bare_path_is_redirected() -> None:
    """The parent's router does that; clients follow."""
    parent = Starlette(routes=[Mount("/mcp", named().http_app(path="/"))])

    with http(parent) as client:
        assert post_to(client, "/mcp", "/mcp/") == [307, 200]
        assert who_is_at(f"{client.base}/mcp") == "server"


def test_s150_with_a_double_prefix_the_root_of_the_mount_answers_too() -> None:
    """An application with its endpoint at /mcp, mounted at /mcp, is reached by all spellings."""
    app = named().http_app()
    parent = FastAPI(lifespan=app.lifespan)
    parent.mount("/mcp", app)

    with http(parent) as client:
        assert post_to(client, "/mcp", "/mcp/", "/mcp/mcp", "/mcp/mcp/") == [200] * 4
        assert [who_is_at(client.base + path) for path in ("/mcp", "/mcp/mcp")] == ["server"] * 2


def test_s150_the_root_of_a_mount_is_the_users_where_there_is_a_route_for_it() -> None:
    """A custom route at / answers there instead."""
    mcp = named()
    mcp.custom_route("/", methods=["GET", "POST"])(lambda: "mine")
    app = mcp.http_app()
    parent = Starlette(routes=[Mount("/x", app)], lifespan=app.lifespan)

    with http(parent) as client:
        assert client.post(initialize(), path="/x/").text == "mine"
        assert post_to(client, "/x/mcp") == [200]


def test_s151_a_forgotten_lifespan_starts_late_and_says_how_to_do_better(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Code that waits for a RuntimeError finds none; the cure is in one warning."""
    began: list[str] = []

    @asynccontextmanager
    async def lifespan(server: FastMCP) -> AsyncGenerator[None]:
        began.append(server.name)
        yield

    parent = FastAPI()
    parent.mount("/x", named("late", lifespan).http_app())

    with http(parent) as client:
        assert began == []
        try:
            answers = [who_is_at(f"{client.base}/x/mcp") for _ in range(3)]
        except RuntimeError:
            answers = ["passed no lifespan"]
        assert answers == ["late"] * 3

    assert began == ["late"]
    (warning,) = warnings_in(caplog)
    assert "lifespan=mcp_app.lifespan" in warning
    assert "'late'" in warning


def test_s151_without_any_manager_the_error_names_the_cure() -> None:
    """Where nothing could be started: StreamableHTTPASGIApp(None)."""
    app = StreamableHTTPASGIApp(None)

    async def post() -> None:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            await client.post("/mcp", json=initialize())

    with pytest.raises(RuntimeError, match=r"lifespan=mcp_app\.lifespan"):
        asyncio.run(post())


def test_s152_other_runtime_errors_keep_their_text() -> None:
    """What a manager raises arrives as it is, and so does what a lifespan raises at its start."""

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("no space left")

    @asynccontextmanager
    async def no_database(server: FastMCP) -> AsyncGenerator[None]:
        raise RuntimeError("no database")
        yield

    breaking = named()
    breaking.session_manager.handle_request = broken
    late = named(lifespan=no_database).http_app()

    async def post(app: Any) -> None:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            await client.post("/mcp", json=initialize())

    with pytest.raises(RuntimeError, match=r"^no space left$"):
        asyncio.run(post(StreamableHTTPASGIApp(breaking.session_manager)))
    with pytest.raises(RuntimeError, match=r"^no database$"):
        asyncio.run(post(late))


def test_s153_the_one_lifespan_of_the_outer_app_runs_those_of_all() -> None:
    """A parent has one; the helper makes one of its own and of every server that is mounted."""
    log: list[str] = []

    def noting(name: str) -> Any:
        @asynccontextmanager
        async def lifespan(owner: Any) -> AsyncGenerator[None]:
            log.append(f"+{name}")
            yield
            log.append(f"-{name}")

        return lifespan

    inner = named("inner", noting("server")).http_app()
    middle = Starlette(routes=[Mount("/inner", inner)], lifespan=noting("never"))
    outer = Starlette(
        routes=[Mount("/middle", middle)],
        lifespan=combine_lifespans(noting("outer"), inner.lifespan),
    )

    with served(outer) as base:
        assert who_is_at(f"{base}/middle/inner/mcp") == "inner"

    assert log == ["+outer", "+server", "-server", "-outer"]


def test_s155_the_pieces_make_applications_by_their_functions() -> None:
    """With their parameters in order, and routes of one's own before those of the server."""
    mcp = named()

    async def mine(request: Request) -> PlainTextResponse:
        return PlainTextResponse("mine")

    app = create_streamable_http_app(
        mcp, "/here", json_response=True, stateless_http=True, routes=[Route("/who", mine)]
    )
    with pytest.warns(DeprecationWarning, match="SSE"):
        sse = create_sse_app(mcp, "/said/", "/heard", routes=[Route("/who", mine)], debug=True)

    assert isinstance(app, StarletteWithLifespan)
    assert (app.state.path, app.state.transport_type) == ("/here", "streamable-http")
    assert (sse.state.path, sse.state.transport_type, sse.debug) == ("/heard", "sse", True)
    with http(app) as client:
        opened = client.post(initialize(), path="/here")
        assert "mcp-session-id" not in opened.headers
        assert opened.headers["content-type"] == "application/json"
        assert client.client.get(f"{client.base}/who").text == "mine"
    with http(sse) as client:
        assert client.client.get(f"{client.base}/who").text == "mine"
        url = f"{client.base}/heard"
        with client.client.stream("GET", url, headers={"accept": "text/event-stream"}) as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: endpoint"
            assert next(lines).startswith("data: /said/?session_id=")


def test_s155_an_application_is_no_server_and_the_error_says_what_is() -> None:
    """http_app() has done already what the functions would do."""
    app: Any = named().http_app()

    with pytest.raises(ValueError, match="pass the FastMCP server itself"):
        create_streamable_http_app(app, "/mcp")
    with pytest.raises(ValueError, match="pass the FastMCP server itself"):
        create_sse_app(app, "/messages/", "/sse")
    auth: Any = object()
    with pytest.raises(ValueError, match="auth=object"):
        create_streamable_http_app(named(), "/mcp", auth=auth)


@pytest.mark.filterwarnings("ignore:HTTP.SSE is deprecated")
@pytest.mark.parametrize("kind", ["http", "sse"])
def test_s155_an_application_can_have_auth_of_its_own(kind: str) -> None:
    """In place of the server's, and in its forms."""
    mcp = FastMCP("both", auth={"server": {"user": "ann"}})
    auth: Any = {"own": {"user": "bob"}}
    if kind == "http":
        app, path = create_streamable_http_app(mcp, "/mcp", auth=auth), "/mcp"
    else:
        app, path = create_sse_app(mcp, "/messages/", "/sse", auth=auth), "/messages/"

    with http(app) as client:
        statuses = {
            token: client.post(
                initialize(), {"authorization": f"Bearer {token}"}, path=path
            ).status_code
            for token in ("server", "own")
        }

    assert statuses["server"] == 401
    assert statuses["own"] == (200 if kind == "http" else 400)


def test_s155_a_base_app_has_its_request_within_reach() -> None:
    """Of its routes, of middleware, and of the tools that they call."""
    mcp = FastMCP("inner")
    log: list[str] = []

    @mcp.tool
    def path() -> str:
        return get_http_request().url.path

    async def route(request: Request) -> JSONResponse:
        return JSONResponse([await mcp.call_tool("path"), get_http_headers()["x-mine"]])

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncGenerator[None]:
        log.append("began")
        yield

    class Noting:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                log.append(get_http_request().url.path)
            await self.app(scope, receive, send)

    app = create_base_app([Route("/route", route)], [Middleware(Noting)], lifespan=lifespan)

    with http(app) as client:
        got = client.client.get(f"{client.base}/route", headers={"x-mine": "7"})

    assert got.json() == ["/route", "7"]
    assert log == ["began", "/route"]
    assert isinstance(app, StarletteWithLifespan)


def test_s155_the_manager_is_served_by_an_asgi_application_of_its_own() -> None:
    """StreamableHTTPASGIApp(mcp.session_manager) at a route of the user's, guarded as ever."""
    mcp = named()

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncGenerator[None]:
        async with mcp.session_manager.run():
            yield

    endpoint = RequestContextMiddleware(StreamableHTTPASGIApp(mcp.session_manager))
    parent = Starlette(routes=[Route("/own", endpoint)], lifespan=lifespan)

    with served(parent) as base, Mcp(base) as client:
        assert who_is_at(f"{base}/own") == "server"
        refused = client.post(initialize(), {"host": "evil.example"}, path="/own")
        assert refused.status_code == 421


def test_s155_a_request_is_set_for_a_block() -> None:
    """set_http_request gives it to what asks inside, and to nobody afterwards."""
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": [(b"a", b"b")]})

    with set_http_request(request) as same:
        assert same is request
        assert get_http_request() is request
        assert get_http_headers() == {"a": "b"}

    assert get_http_headers() == {}
    with pytest.raises(RuntimeError, match="No request is being served"):
        get_http_request()


def test_s156_routes_added_later_are_served_by_apps_already_made() -> None:
    """Also while they serve, mounted ones too; a path that was added first keeps its methods."""
    mcp = named()
    apps = [mcp.http_app(), mcp.http_app(middleware=[Middleware(RequestContextMiddleware)])]
    parent = Starlette(
        routes=[Mount("/a", apps[0]), Mount("/b", apps[1])],
        lifespan=combine_lifespans(*[app.lifespan for app in apps]),
    )

    with http(parent) as client:
        urls = [f"{client.base}/{name}" for name in "ab"]
        assert [client.client.get(f"{url}/health").status_code for url in urls] == [404, 404]

        @mcp.custom_route("/health", methods=["GET"])
        async def health() -> dict[str, str]:
            return {"status": "ok"}

        @mcp.custom_route("/who", methods=["POST"])
        async def told(request: Request) -> str:
            return "told"

        got = [client.client.get(f"{url}/health") for url in urls]
        assert [response.json() for response in got] == [{"status": "ok"}] * 2
        assert [client.client.post(f"{url}/who").text for url in urls] == ["told"] * 2
        assert [client.client.get(f"{url}/who").text for url in urls] == ["server"] * 2

        mcp.tool(lambda: "new", name="later")
        listed = client.post(request("tools/list"), path="/a/mcp").json()["result"]["tools"]
        assert [tool["name"] for tool in listed] == ["who", "later"]
        assert apps[0].url_path_for("health") == "/health"


def test_a_message_to_a_wrong_path_is_told_the_right_one() -> None:
    """A 404 of the mounted application names the whole path of its endpoint."""
    at_root, deep = named().http_app(path="/"), named().http_app()
    parent = Starlette(
        routes=[Mount("/mcp", at_root), Mount("/deep", deep)],
        lifespan=combine_lifespans(at_root.lifespan, deep.lifespan),
    )

    with http(parent) as client:
        answers = [client.post(initialize(), path=path) for path in ("/mcp/mcp", "/deep/mpc")]
        got = client.client.get(f"{client.base}/deep/mpc")

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.endswith("MCP is served at /mcp/")
    assert answers[1].text.endswith("MCP is served at /deep/mcp")
    assert (got.status_code, got.text) == (404, "Not Found")


def test_two_mounts_of_one_prefix_are_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    """The second one is never reached; the warning has the prefix and what to do."""
    one, two = named("one").http_app(), named("two").http_app()
    parent = Starlette(
        routes=[Mount("/sub", routes=[Mount("/x", one), Mount("/x", two)])],
        lifespan=combine_lifespans(one.lifespan, two.lifespan),
    )

    with served(parent) as base:
        assert who_is_at(f"{base}/sub/x/mcp") == "one"

    (warning,) = warnings_in(caplog)
    assert "'/sub/x'" in warning
    assert "a path of its own" in warning


def test_a_custom_route_without_its_slash_is_refused() -> None:
    """The message has what to write."""
    with pytest.raises(ValueError, match=r"has to begin with a slash: '/health'"):
        FastMCP("x").custom_route("health", methods=["GET"])
