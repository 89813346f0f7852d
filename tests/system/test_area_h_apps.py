"""Area H, the application itself: its paths, its lifespan, its state and its routes, row by row."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2
import mcp as official
import pytest
from apps import HANDSHAKE, Mcp, call, http, initialize, served
from fastapi import FastAPI
from left_behind import nothing_left
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from fastmcp import Client, Context, FastMCP
from fastmcp.utilities.lifespan import combine_lifespans


class Life:
    """A server's lifespan that notes its beginnings and ends."""

    def __init__(self, name: str = "server", log: list[str] | None = None) -> None:
        self.name = name
        self.log = [] if log is None else log

    @asynccontextmanager
    async def __call__(self, owner: Any) -> AsyncGenerator[dict[str, Any]]:
        self.log.append(f"{self.name} began")
        yield {self.name: True}
        self.log.append(f"{self.name} ended")


def counting(life: Any = None) -> FastMCP:
    """A server that counts."""
    mcp = FastMCP("counting", lifespan=life)
    count = 0

    @mcp.tool
    def increment() -> int:
        nonlocal count
        count += 1
        return count

    return mcp


def increment_at(target: Any) -> int:
    async def main() -> int:
        async with Client(target, timeout=20) as client:
            return (await client.call_tool("increment")).data

    return asyncio.run(main())


def value_of(response: httpx2.Response) -> str:
    """The text that a tool gave."""
    return response.json()["result"]["content"][0]["text"]


def test_s133_http_app_serves_mcp_at_mcp_with_and_without_a_slash() -> None:
    """A Starlette application; the official client and ours reach it in both spellings."""
    app = counting().http_app()

    async def official_count(url: str) -> Any:
        async with official.Client(url, read_timeout_seconds=20) as client:
            return (await client.call_tool("increment", {})).structured_content

    assert isinstance(app, Starlette)
    with served(app) as base:
        assert increment_at(f"{base}/mcp") == 1
        assert asyncio.run(official_count(f"{base}/mcp/")) == {"result": 2}


@pytest.mark.parametrize("path", ["/api/mcp/", "/api/mcp", "/", "/a/b/c"])
def test_s134_the_endpoint_is_where_path_says(path: str) -> None:
    """With and without the trailing slash, whichever was written, and without a redirect."""
    with http(counting(), path=path) as client:
        spellings = {path.rstrip("/"), path.rstrip("/") + "/"}
        answers = [client.post(initialize(), path=spelling) for spelling in spellings]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert not any(answer.history for answer in answers)


def test_s134_a_path_without_its_slash_is_refused_with_the_one_that_was_meant() -> None:
    """The message has what to write."""
    with pytest.raises(ValueError, match=r"path='mcp' has to begin with a slash: '/mcp'"):
        counting().http_app(path="mcp")


def test_s135_two_apps_of_one_server_serve_at_the_same_time() -> None:
    """Their sessions are their own; the components and the lifespan are one."""
    life = Life()
    mcp = counting(life)

    with http(mcp) as one, http(mcp, path="/two") as two:
        session = one.open()
        assert value_of(one.post(call("increment"), session)) == "1"
        assert value_of(two.post(call("increment"), path="/two")) == "2"
        assert two.post(call("increment"), session, path="/two").status_code == 404

    assert life.log == ["server began", "server ended"]


def test_s136_app_lifespan_runs_under_any_parent() -> None:
    """It is given the application that it is mounted in, and starts what serving needs."""
    life = Life()
    app = counting(life).http_app()
    parent = Starlette(routes=[Mount("/x", app)], lifespan=app.lifespan)

    with served(parent) as base:
        assert increment_at(f"{base}/x/mcp") == 1
        assert life.log == ["server began"]

    assert life.log == ["server began", "server ended"]


def test_s137_a_wrapped_and_assigned_lifespan_is_the_one_that_runs() -> None:
    """`app.router.lifespan_context` is read, wrapped and assigned as with any Starlette app."""
    log: list[str] = []
    app = counting(Life("server", log)).http_app()
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def wrapped(app: Any) -> AsyncGenerator[None]:
        log.append("wrapper began")
        async with inner(app):
            yield
        log.append("wrapper ended")

    app.router.lifespan_context = wrapped

    assert app.lifespan is wrapped
    with served(app) as base:
        assert increment_at(f"{base}/mcp") == 1
    assert log == ["wrapper began", "server began", "server ended", "wrapper ended"]


def test_s138_state_that_a_lifespan_sets_is_read_by_tools() -> None:
    """By closure over the application, and by the context, for as long as it serves."""
    mcp = FastMCP("stateful")

    @mcp.tool
    def by_closure() -> str:
        return app.state.database

    @mcp.tool
    def by_context(ctx: Context) -> str:
        return ctx.app_state.database

    app = mcp.http_app()
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def with_database(app: Any) -> AsyncGenerator[None]:
        app.state.database = "open"
        async with inner(app):
            yield
        app.state.database = "closed"

    app.router.lifespan_context = with_database
    with http(app) as client:
        assert [value_of(client.post(call(n))) for n in ("by_closure", "by_context")] == [
            "open",
            "open",
        ]
    assert app.state.database == "closed"


def test_s139_every_entry_of_the_state_can_be_given_to_the_context() -> None:
    """Middleware copies `app.state._state` into the request's state, ours included."""
    mcp = FastMCP("copied")

    @mcp.tool
    async def copied(ctx: Context) -> dict[str, Any]:
        for key, value in app.state._state.items():
            await ctx.set_state(key, value)
        return {
            "own": await ctx.get_state("own"),
            "path": await ctx.get_state("path"),
            "server": (await ctx.get_state("fastmcp_server")).name,
        }

    app = mcp.http_app()
    app.state.own = 7

    with http(app) as client:
        answer = json.loads(value_of(client.post(call("copied"))))

    assert {"fastmcp_server", "fastmcp_auth", "path", "transport_type"} <= app.state._state.keys()
    assert answer == {"own": 7, "path": "/mcp", "server": "copied"}


def test_s140_the_server_is_in_the_state_of_its_app_also_when_mounted() -> None:
    """`app.state.fastmcp_server`, and the same by the request of a route and of a tool."""
    mcp = FastMCP("known")

    @mcp.custom_route("/who", methods=["GET"])
    async def who(request: Request) -> JSONResponse:
        return JSONResponse(request.app.state.fastmcp_server.name)

    @mcp.tool
    def server_name(ctx: Context) -> str:
        assert ctx.request is not None
        return ctx.request.app.state.fastmcp_server.name

    app = mcp.http_app()
    parent = Starlette(routes=[Mount("/sub", app)], lifespan=app.lifespan)

    assert app.state.fastmcp_server is mcp
    for served_app, prefix in ((app, ""), (parent, "/sub")):
        with http(served_app) as client:
            assert client.client.get(f"{client.base}{prefix}/who").json() == "known"
            answer = client.post(call("server_name"), path=f"{prefix}/mcp")
            assert value_of(answer) == "known"


class Gate:
    """Middleware that lets in who has the token, and counts whom it was asked for."""

    asked = 0

    def __init__(self, app: Any, token: str) -> None:
        self.app = app
        self.token = token

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            type(self).asked += 1
            if (b"x-token", self.token.encode()) not in scope["headers"]:
                await JSONResponse("no", 403)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def splatted(app: Any, outer: type[Starlette]) -> Starlette:
    """Another application with the routes of this one beside its own."""

    async def api(request: Request) -> JSONResponse:
        return JSONResponse("api")

    return outer(routes=[*app.routes, Route("/api", api)], lifespan=app.lifespan)


@pytest.mark.parametrize("outer", [Starlette, FastAPI])
def test_s141_routes_work_in_another_application(outer: type[Starlette]) -> None:
    """The endpoint, the custom routes and those added later, with the request within reach."""
    mcp = counting()

    @mcp.tool
    def path(ctx: Context) -> str:
        assert ctx.request is not None
        return ctx.request.url.path

    @mcp.custom_route("/before", methods=["GET"])
    async def before(request: Request) -> JSONResponse:
        return JSONResponse(request.app.state.fastmcp_server.name)

    app = splatted(mcp.http_app(), outer)
    mcp.custom_route("/after", methods=["GET"])(lambda: "after")

    with http(app) as client:
        get = client.client.get
        assert [value_of(client.post(call("path"), path=p)) for p in ("/mcp", "/mcp/")] == [
            "/mcp",
            "/mcp/",
        ]
        assert increment_at(client.url) == 1
        assert get(f"{client.base}/before").json() == "counting"
        assert get(f"{client.base}/after").text == "after"
        assert get(f"{client.base}/api").json() == "api"


def test_s141_routes_in_another_application_are_guarded_as_in_their_own() -> None:
    """The guard and the middleware of their application come along: nothing opens by moving it."""
    mcp = counting()
    mcp.custom_route("/before", methods=["GET"])(lambda: "before")
    app = mcp.http_app(middleware=[Middleware(Gate, token="t")])
    outer = splatted(app, FastAPI)
    mcp.custom_route("/after", methods=["GET"])(lambda: "after")
    Gate.asked = 0

    with http(outer) as client:

        def statuses(**headers: str) -> list[int]:
            posted = client.post(initialize(), headers)
            urls = [f"{client.base}/{name}" for name in ("before", "after", "api")]
            got = [client.client.get(url, headers=headers) for url in urls]
            return [response.status_code for response in (posted, *got)]

        assert statuses() == [403, 403, 403, 200]
        assert statuses(**{"x-token": "t", "host": "evil.example"}) == [421, 421, 421, 200]
        assert statuses(**{"x-token": "t"}) == [200, 200, 200, 200]
        assert Gate.asked == 6


def test_s142_middleware_stands_around_the_whole_application() -> None:
    """It sees the endpoint, the custom routes and what is not found, once each."""
    mcp = counting()
    mcp.custom_route("/hello", methods=["GET"])(lambda: "hello")
    Gate.asked = 0

    with http(mcp, middleware=[Middleware(Gate, token="t")]) as client:
        good = {"x-token": "t"}
        assert client.post(initialize()).status_code == 403
        assert client.post(initialize(), good).status_code == 200
        assert client.client.get(f"{client.base}/hello").status_code == 403
        assert client.client.get(f"{client.base}/hello", headers=good).text == "hello"
        assert client.client.get(f"{client.base}/none", headers=good).status_code == 404
        assert Gate.asked == 5


def test_s143_the_older_names_of_the_factories_make_the_same_applications() -> None:
    """streamable_http_app() serves at /mcp and sse_app() at /sse."""
    mcp = counting()
    with pytest.warns(DeprecationWarning, match="SSE"):
        sse = mcp.sse_app()

    assert (sse.state.path, sse.state.transport_type) == ("/sse", "sse")
    with served(mcp.streamable_http_app()) as base:
        assert increment_at(f"{base}/mcp") == 1
    with (
        served(sse) as base,
        httpx2.stream("GET", f"{base}/sse", headers={"accept": "text/event-stream"}) as stream,
    ):
        assert next(stream.iter_lines()) == "event: endpoint"


def test_s144_session_manager_run_is_enough_to_serve() -> None:
    """In the lifespan of a parent, on an exit stack, after the application was made."""
    life = Life()
    mcp = counting(life)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(mcp.session_manager.run())
            yield

    parent = Starlette(routes=[Mount("/", mcp.streamable_http_app())], lifespan=lifespan)
    with nothing_left(), http(parent) as client:
        assert client.post(call("increment"), client.open()).status_code == 200
        assert life.log == ["server began"]

    assert life.log == ["server began", "server ended"]


def test_s144_the_manager_runs_again_and_together_with_the_lifespan() -> None:
    """Entered twice at once and once more later; sessions live until the last one leaves."""
    life = Life()
    mcp = counting(life)
    app = mcp.http_app()

    async def post(body: Any, **headers: str) -> httpx2.Response:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post("/mcp", json=body, headers=headers)

    async def main() -> list[int]:
        statuses: list[int] = []
        async with app.lifespan(app):
            async with mcp.session_manager.run():
                opened = await post(initialize())
                session = {
                    "mcp-session-id": opened.headers["mcp-session-id"],
                    "mcp-protocol-version": HANDSHAKE,
                }
            statuses.append((await post(call("increment"), **session)).status_code)
        async with mcp.session_manager.run():
            statuses.append((await post(call("increment"), **session)).status_code)
            statuses.append((await post(initialize())).status_code)
        return statuses

    assert asyncio.run(main()) == [200, 404, 200]
    assert life.log == ["server began", "server ended"] * 2


def test_s144_the_manager_is_that_of_the_newest_application() -> None:
    """Without any, one is made with defaults; another application has another one."""
    mcp = counting()

    first = mcp.session_manager
    assert mcp.session_manager is first
    mcp.http_app()
    second = mcp.session_manager
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        mcp.sse_app()

    assert second is not first
    assert mcp.session_manager is second


def test_s145_lifespans_are_combined_in_order() -> None:
    """Entered one after the other, left in reverse, their results within reach of the parent."""
    log: list[str] = []
    one, two = (counting(Life(name, log)).http_app() for name in ("one", "two"))
    seen: list[Any] = []

    async def state(request: Request) -> JSONResponse:
        seen.append(request.state.mine)
        return JSONResponse({})

    parent = Starlette(
        routes=[Mount("/one", one), Mount("/two", two), Route("/state", state)],
        lifespan=combine_lifespans(Life("mine", log), one.lifespan, two.lifespan),
    )
    with served(parent) as base, Mcp(base) as client:
        assert [increment_at(f"{base}/{name}/mcp") for name in ("one", "two")] == [1, 1]
        assert client.client.get(f"{base}/state").status_code == 200

    assert seen == [True]
    assert log == [
        "mine began",
        "one began",
        "two began",
        "two ended",
        "one ended",
        "mine ended",
    ]
