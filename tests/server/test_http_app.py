"""The application: its lifespan, custom routes, mounting, and the server as an ASGI callable."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
import pytest
from apps import Mcp, call, http, initialize, served
from starlette.applications import Starlette
from starlette.middleware import Middleware as ASGIMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount

from fastmcp import Client, Context, FastMCP


class Life:
    """A lifespan that counts."""

    def __init__(self) -> None:
        self.began = 0
        self.ended = 0

    @asynccontextmanager
    async def __call__(self, server: FastMCP) -> AsyncGenerator[dict[str, Any]]:
        self.began += 1
        try:
            yield {"number": self.began, "server": server.name}
        finally:
            self.ended += 1


def server(life: Any = None) -> FastMCP:
    mcp = FastMCP("x", lifespan=life)

    @mcp.tool
    def number(ctx: Context) -> int:
        return ctx.lifespan_context.get("number", 0)

    @mcp.tool
    def path(ctx: Context) -> str:
        return "none" if ctx.request is None else ctx.request.url.path

    return mcp


def test_the_lifespan_is_entered_once_for_all_clients_and_transports() -> None:
    """In one process memory clients and an HTTP server share it; it ends with the last of them."""
    life = Life()
    mcp = server(life)

    async def number(target: Any) -> int:
        async with Client(target) as client:
            return (await client.call_tool("number")).data

    async def main() -> tuple[list[int], int]:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        async with Client(mcp) as first:
            serving = asyncio.create_task(mcp.run_http_async(sockets=[listener], log_level="error"))
            url = f"http://127.0.0.1:{port}/mcp"
            seen = [await number(target) for target in (mcp, url, url, mcp)]
            seen.append((await first.call_tool("number")).data)
            ended_meanwhile = life.ended
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
        return seen, ended_meanwhile

    assert asyncio.run(main()) == ([1] * 5, 0)
    assert (life.began, life.ended) == (1, 1)


def test_a_lifespan_can_be_entered_again() -> None:
    """After the last user left, the next one starts it anew."""
    life = Life()
    mcp = server(life)

    async def main() -> int:
        async with Client(mcp) as client:
            return (await client.call_tool("number")).data

    assert [asyncio.run(main()) for _ in range(2)] == [1, 2]
    assert (life.began, life.ended) == (2, 2)


def test_a_lifespan_that_fails_keeps_the_server_from_starting() -> None:
    """Its exception reaches whoever opens the connection, and the next one tries again."""
    tries: list[int] = []

    @asynccontextmanager
    async def broken(server: FastMCP) -> AsyncGenerator[dict[str, Any]]:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("no database")
        yield {"number": 7}

    mcp = server(broken)

    async def main() -> int:
        with pytest.raises(RuntimeError, match="no database"):
            await Client(mcp).__aenter__()
        async with Client(mcp) as client:
            return (await client.call_tool("number")).data

    assert asyncio.run(main()) == 7


@pytest.mark.parametrize("place", ["alone", "mounted", "flat"])
def test_custom_routes_have_what_the_lifespan_yields(place: str) -> None:
    """As the state of a request has it in any Starlette application, wherever they are put; what
    an application around them keeps under the same name stays.
    """

    @asynccontextmanager
    async def lifespan(server: FastMCP) -> AsyncGenerator[dict[str, str]]:
        yield {"archive": "of the server", "name": "of the server"}

    @asynccontextmanager
    async def parents(app: Starlette) -> AsyncGenerator[dict[str, str]]:
        async with inner.lifespan(app):
            yield {"name": "of the parent"}

    mcp = FastMCP("x", lifespan=lifespan)

    @mcp.custom_route("/state", methods=["GET"])
    async def state(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{request.state.archive}, {request.state.name}")

    app = inner = mcp.http_app()
    if place != "alone":
        routes = inner.routes if place == "flat" else [Mount("/", inner)]
        app = Starlette(routes=routes, lifespan=parents)
    with served(app) as base:
        found = httpx2.get(f"{base}/state").text

    assert found == f"of the server, of the {'server' if place == 'alone' else 'parent'}"


def test_custom_routes_stand_beside_the_endpoint() -> None:
    """Methods and path parameters are Starlette's, and the endpoint stays where it is."""
    mcp = server()

    @mcp.custom_route("/items/{id:int}", methods=["GET", "POST"])
    async def items(request: Request) -> JSONResponse:
        return JSONResponse([request.method, request.path_params["id"]])

    @mcp.custom_route("/plain", methods=["GET"])
    def plain(request: Request) -> PlainTextResponse:
        return PlainTextResponse("plain")

    with http(mcp) as client:
        get, post, put = (
            client.client.request(method, client.base + "/items/5")
            for method in ("GET", "POST", "PUT")
        )
        assert (get.json(), post.json(), put.status_code) == (["GET", 5], ["POST", 5], 405)
        assert client.client.get(client.base + "/plain").text == "plain"
        assert client.post(initialize()).status_code == 200


def test_asgi_middleware_surrounds_the_application() -> None:
    """http_app(middleware=[...]) sees every request, and can answer it."""

    class Tagged:
        def __init__(self, app: Any, tag: str) -> None:
            self.app = app
            self.tag = tag

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def tagging(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], (b"x-tag", self.tag.encode())]
                await send(message)

            await self.app(scope, receive, tagging)

    with http(server(), middleware=[ASGIMiddleware(Tagged, tag="here")]) as client:
        assert client.post(initialize()).headers["x-tag"] == "here"


def test_a_mounted_app_serves_below_its_prefix() -> None:
    """With its lifespan handed to the parent, both spellings work and the context has the path."""
    life = Life()
    app = server(life).http_app()
    parent = Starlette(routes=[Mount("/deep", app)], lifespan=app.lifespan)

    with http(parent) as client:
        for path in ("/deep/mcp", "/deep/mcp/"):
            answer = client.post(call("path"), path=path, follow_redirects=False)
            assert answer.json()["result"]["content"][0]["text"] == path
        assert client.post(call("number"), path="/mcp").status_code == 404

    assert (life.began, life.ended) == (1, 1)


def test_a_mounted_app_without_its_lifespan_works_with_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The lifespan starts at the first request, and the log says once how to do better."""
    life = Life()
    parent = Starlette(routes=[Mount("/", server(life).http_app())])

    with http(parent) as client:
        answers = [client.post(call("number")) for _ in range(3)]
        client.open()

    assert [answer.json()["result"]["content"][0]["text"] for answer in answers] == ["1"] * 3
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == 1
    assert "lifespan=" in warnings[0]
    assert caplog.records[0].levelno == logging.WARNING


def test_a_lifespan_that_starts_slowly_holds_up_every_first_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Requests that come together wait for one start, and there is one warning."""

    @asynccontextmanager
    async def slow(server: FastMCP) -> AsyncGenerator[dict[str, Any]]:
        await asyncio.sleep(0.05)
        yield {"number": 9}

    async def main(url: str) -> list[int]:
        async def number() -> int:
            async with Client(url, mode="2026-07-28") as client:
                return (await client.call_tool("number")).data

        return await asyncio.gather(*[number() for _ in range(5)])

    with served(Starlette(routes=[Mount("/", server(slow).http_app())])) as base:
        assert asyncio.run(main(f"{base}/mcp")) == [9] * 5

    assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == 1


def test_the_server_itself_is_an_asgi_application() -> None:
    """`uvicorn module:mcp` serves it, lifespan included."""
    life = Life()

    with served(server(life)) as base, Mcp(base) as client:
        assert client.post(call("number")).json()["result"]["content"][0]["text"] == "1"

    assert (life.began, life.ended) == (1, 1)


@pytest.mark.parametrize("lifespan", ["on", "off"])
def test_the_server_itself_can_be_served_again(lifespan: str) -> None:
    """After its lifespan ended, and on another event loop, as if for the first time."""
    life = Life()
    mcp = server(life)

    for number in ("1", "2"):
        with served(mcp, lifespan=lifespan) as base, Mcp(base) as client:
            session = client.open()
            answer = client.post(call("number"), session)
            assert answer.json()["result"]["content"][0]["text"] == number

    assert (life.began, life.ended) == (2, 2)


def test_health_and_the_rest_view_are_on_where_nothing_else_is_served() -> None:
    """The server itself has them; an application that is to be mounted only when it is asked."""
    paths = ["/health", "/ready", "/tools"]

    def statuses(app: Any) -> list[int]:
        with http(app) as client:
            return [client.client.get(client.base + path).status_code for path in paths]

    with served(server()) as base, Mcp(base) as client:
        assert [client.client.get(base + path).status_code for path in paths] == [200] * 3
    assert statuses(server().http_app()) == [404] * 3
    assert statuses(server().http_app(health=True)) == [200, 200, 404]
    assert statuses(server().http_app(rest=True)) == [404, 404, 200]


def test_users_routes_win_over_what_is_ready_made_and_the_endpoint_over_all() -> None:
    """Whether they were there before the application or came later."""
    mcp = server()
    mcp.custom_route("/health", methods=["GET"])(lambda: "my health")
    mcp.custom_route("/mcp", methods=["POST"])(lambda: "no endpoint")
    app = mcp.http_app(rest=True, health=True)
    mcp.custom_route("/tools", methods=["GET"])(lambda: "my tools")

    with http(app) as client:
        texts = [client.client.get(f"{client.base}/{name}").text for name in ("health", "tools")]
        assert texts == ["my health", "my tools"]
        assert client.post(initialize()).json()["result"]["serverInfo"]["name"] == "x"
        assert client.client.get(f"{client.base}/prompts").status_code == 200


def test_pages_that_may_read_answers_may_ask_on_loopback_too() -> None:
    """cors_origins is enough: the guard lets these origins in, and no others."""
    origins = ["https://app.example", "https://evil.example"]

    with http(server(), cors_origins=origins[:1]) as client:
        answers = [client.post(initialize(), {"origin": origin}) for origin in origins]
        answers.append(client.post(initialize()))

    assert [answer.status_code for answer in answers] == [200, 403, 200]
    assert answers[0].headers["access-control-allow-origin"] == origins[0]


def test_listing_readers_refuses_nobody_where_origins_are_not_checked() -> None:
    """Elsewhere than on loopback a page of the server's own origin goes on as before."""
    app = server().http_app(cors_origins=["https://app.example"])

    async def post() -> int:
        transport = httpx2.ASGITransport(app)
        async with (
            app.lifespan(app),
            httpx2.AsyncClient(transport=transport, base_url="https://mcp.example") as client,
        ):
            headers = {"origin": "https://mcp.example"}
            return (await client.post("/mcp", json=initialize(), headers=headers)).status_code

    assert asyncio.run(post()) == 200


def test_a_path_can_have_parameters() -> None:
    """They are in the request that tools see, whatever the slash at the end."""
    mcp = FastMCP("tenants")

    @mcp.tool
    def tenant(ctx: Context) -> str:
        assert ctx.request is not None
        return ctx.request.path_params["tenant"]

    with http(mcp, path="/{tenant}/mcp") as client:
        for path in ("/north/mcp", "/south/mcp/"):
            answer = client.post(call("tenant"), path=path)
            assert answer.json()["result"]["content"][0]["text"] == path[1:6]
        assert client.post(call("tenant"), path="/mcp").status_code == 404


def test_the_paths_come_from_the_environment_when_nothing_else_says_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Read when the application is made; what is written in code wins."""
    mcp = server()
    monkeypatch.setenv("FASTMCP_STREAMABLE_HTTP_PATH", "/from/outside")

    assert mcp.http_app().state.path == "/from/outside"
    assert mcp.http_app("/inside").state.path == "/inside"


def test_http_app_refuses_a_protection_that_there_is_not() -> None:
    """The message says which there are."""
    with pytest.raises(ValueError, match="protection='strict': it must be \"auto\", true or false"):
        FastMCP("x").http_app(host_origin_protection="strict")


def test_several_apps_of_one_server_are_independent() -> None:
    """Each has its own sessions and settings; the components are the same."""
    mcp = server()

    with http(mcp, path="/a") as one, http(mcp, path="/b", stateless_http=True) as two:
        opened = one.post(initialize(), path="/a")
        assert "mcp-session-id" in opened.headers
        assert "mcp-session-id" not in two.post(initialize(), path="/b").headers
        assert two.post(call("path"), path="/b").json()["result"]["content"][0]["text"] == "/b"


@pytest.mark.parametrize("options", [{"transport": "sse2"}, {"transport": "stdio"}])
def test_http_app_refuses_another_transport(options: Any) -> None:
    """The message says which there are."""
    with pytest.raises(ValueError, match="streamable-http"):
        FastMCP("x").http_app(**options)


def test_http_app_refuses_an_unknown_option() -> None:
    """A misspelt option is a TypeError with its name, not silence."""
    with pytest.raises(
        TypeError, match=r"http_app\(\) got .*'statless_http'; did you mean stateless"
    ):
        FastMCP("x").http_app(statless_http=True)
    with pytest.raises(
        TypeError, match=r"sse_app\(\) got an unexpected keyword argument 'bound_to'"
    ):
        FastMCP("x").sse_app(bound_to="127.0.0.1")
    with pytest.raises(TypeError, match="prot"):
        asyncio.run(FastMCP("x").run_async("stdio", prot=1))
    with pytest.raises(TypeError, match="prot"):
        asyncio.run(FastMCP("x").run_async("http", prot=1))


def test_middleware_added_to_the_application_later_still_sees_the_endpoint() -> None:
    """Starlette's own way of adding middleware goes round every route."""
    seen: list[str] = []

    class Note:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope["type"])
            await self.app(scope, receive, send)

    app = FastMCP("later").http_app(host_origin_protection=False)
    app.add_middleware(Note)

    async def post() -> int:
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app), base_url="http://server"
            ) as client,
        ):
            ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
            return (await client.post("/mcp", json=ping)).status_code

    assert asyncio.run(post()) == 200
    assert seen == ["http"]
