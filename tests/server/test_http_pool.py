"""The server's HTTP client: in functions of both kinds, with connections that are shared."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from apps import SECONDS, served
from processes import run_python
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ToolError

METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]


async def echo(request: Request) -> Response:
    assert request.client is not None
    return JSONResponse(
        {
            "method": request.method,
            "query": dict(request.query_params),
            "body": (await request.body()).decode(),
            "mark": request.headers.get("x-mark"),
            "cookies": request.cookies,
            "connection": request.client.port,
        },
        headers={"x-method": request.method},
    )


async def login(request: Request) -> Response:
    response = PlainTextResponse("in")
    response.set_cookie("session", "of one user")
    return response


async def moved(request: Request) -> Response:
    return RedirectResponse("/echo")


async def parts(request: Request) -> Response:
    async def each() -> AsyncGenerator[str]:
        for number in range(3):
            yield f"{number}\n"

    return StreamingResponse(each())


@pytest.fixture(scope="module")
def backend() -> Iterator[str]:
    """The address of a service that tells what it was sent."""
    routes = [
        Route("/echo", echo, methods=METHODS),
        Route("/login", login),
        Route("/moved", moved),
        Route("/parts", parts),
    ]
    with served(Starlette(routes=routes)) as base:
        yield base


def use(*functions: Any, **options: Any) -> list[Any]:
    """What tools give that are these functions, called one after the other within one lifespan."""

    async def main() -> list[Any]:
        mcp = FastMCP("x")
        for number, function in enumerate(functions):
            mcp.tool(function, name=f"tool{number}", **options)
        async with Client(mcp) as client:
            names = [f"tool{number}" for number in range(len(functions))]
            return [(await client.call_tool(name)).data for name in names]

    return asyncio.run(main())


@pytest.mark.parametrize("method", METHODS)
def test_every_method_waits_in_plain_functions_and_is_awaited_in_others(
    method: str, backend: str
) -> None:
    """Both get the response, as httpx2 has it."""

    def plain(ctx: Context) -> tuple[int, str]:
        response = getattr(ctx.http, method.lower())(f"{backend}/echo")
        return response.status_code, response.headers["x-method"]

    async def awaiting(ctx: Context) -> tuple[int, str]:
        response = await getattr(ctx.http, method.lower())(f"{backend}/echo")
        return response.status_code, response.headers["x-method"]

    def by_name(ctx: Context) -> tuple[int, str]:
        response = ctx.http.request(method, f"{backend}/echo")
        return response.status_code, response.headers["x-method"]

    assert use(plain, awaiting, by_name) == [(200, method)] * 3


def test_keywords_are_those_of_httpx2(backend: str) -> None:
    """Parameters, headers, bodies and time limits go through."""
    options: dict[str, Any] = {"params": {"q": "tea"}, "headers": {"x-mark": "m"}, "timeout": 20}

    def plain(ctx: Context) -> Any:
        return ctx.http.post(f"{backend}/echo", json={"a": 1}, **options).json()

    async def awaiting(ctx: Context) -> Any:
        return (await ctx.http.put(f"{backend}/echo", content=b"raw", **options)).json()

    posted, put = use(plain, awaiting)
    assert (posted["query"], posted["mark"], posted["body"]) == ({"q": "tea"}, "m", '{"a":1}')
    assert (put["query"], put["mark"], put["body"]) == ({"q": "tea"}, "m", "raw")


def test_requests_share_their_connections(backend: str) -> None:
    """One for the calls on the loop and one for those in threads, when they do not overlap."""

    def plain(ctx: Context) -> int:
        return ctx.http.get(f"{backend}/echo").json()["connection"]

    async def awaiting(ctx: Context) -> int:
        return (await ctx.http.get(f"{backend}/echo")).json()["connection"]

    seen = use(plain, plain, awaiting, awaiting, plain)
    assert len(set(seen)) == 2
    assert seen[0] == seen[1] == seen[4]
    assert seen[2] == seen[3]


@pytest.mark.parametrize("how", ["awaited", "plain"])
def test_connections_are_closed_with_the_server(how: str) -> None:
    """The service sees them end; the next lifespan opens new ones."""

    async def main() -> None:
        opened = 0
        closed: asyncio.Queue[bool] = asyncio.Queue()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal opened
            opened += 1
            try:
                while True:
                    await reader.readuntil(b"\r\n\r\n")
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            except asyncio.IncompleteReadError:
                closed.put_nowait(True)
            finally:
                writer.close()

        service = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{service.sockets[0].getsockname()[1]}"
        mcp = FastMCP("x")

        @mcp.tool
        async def awaited(ctx: Context) -> str:
            return (await ctx.http.get(url)).text

        @mcp.tool
        def plain(ctx: Context) -> str:
            return ctx.http.get(url).text

        async with service, asyncio.timeout(SECONDS):
            for times in (1, 2):
                async with Client(mcp) as client:
                    for _ in range(2):
                        assert (await client.call_tool(how)).data == "ok"
                    assert closed.empty()
                assert await closed.get()
                assert opened == times

    asyncio.run(main())


def test_a_plain_function_that_waits_does_not_stop_the_server() -> None:
    """The service answers only when another tool has been called meanwhile."""
    others = asyncio.Event()

    async def main() -> list[Any]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            await others.wait()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            await writer.drain()
            writer.close()

        service = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{service.sockets[0].getsockname()[1]}"
        mcp = FastMCP("x")

        @mcp.tool
        def fetch(ctx: Context) -> str:
            return ctx.http.get(url).text

        @mcp.tool
        async def release() -> str:
            others.set()
            return "released"

        async with service, asyncio.timeout(SECONDS), Client(mcp) as client:
            fetching = asyncio.create_task(client.call_tool("fetch"))
            await asyncio.sleep(0)
            released = await client.call_tool("release")
            return [(await fetching).data, released.data]

    assert asyncio.run(main()) == ["ok", "released"]


def test_a_response_that_is_not_awaited_says_so(backend: str) -> None:
    """In an async function, and in a plain one that runs on the loop."""

    async def forgets(ctx: Context) -> int:
        return ctx.http.get(f"{backend}/echo").status_code

    def here(ctx: Context) -> int:
        return ctx.http.post(f"{backend}/echo").status_code

    with pytest.raises(ToolError, match=r"write `await ctx\.http\.get\(\.\.\.\)`"):
        use(forgets)
    with pytest.raises(ToolError, match=r"ctx\.http\.post\(\) has no result yet"):
        use(here, run_in_thread=False)


def test_a_response_can_be_read_as_it_comes(backend: str) -> None:
    """With `async with` on the loop, and `with` in a thread."""

    def plain(ctx: Context) -> list[str]:
        with ctx.http.stream("GET", f"{backend}/parts") as response:
            return list(response.iter_lines())

    async def awaiting(ctx: Context) -> list[str]:
        async with ctx.http.stream("GET", f"{backend}/parts") as response:
            return [line async for line in response.aiter_lines()]

    assert use(plain, awaiting) == [["0", "1", "2"]] * 2


def test_redirects_are_followed_on_request(backend: str) -> None:
    """Where a service sends its callers is the function's business."""

    def as_it_is(ctx: Context) -> int:
        return ctx.http.get(f"{backend}/moved").status_code

    async def followed(ctx: Context) -> int:
        return (await ctx.http.get(f"{backend}/moved", follow_redirects=True)).status_code

    assert use(as_it_is, followed) == [307, 200]


def test_cookies_of_one_request_do_not_go_out_with_another(backend: str) -> None:
    """Connections are shared by all users; those that a function passes are sent."""

    def plain(ctx: Context) -> Any:
        assert ctx.http.get(f"{backend}/login").cookies["session"]
        return ctx.http.get(f"{backend}/echo").json()["cookies"]

    async def awaiting(ctx: Context) -> Any:
        await ctx.http.get(f"{backend}/login")
        return (await ctx.http.get(f"{backend}/echo")).json()["cookies"]

    def own(ctx: Context) -> Any:
        response = ctx.http.get(f"{backend}/echo", headers={"cookie": "mine=1"})
        return response.json()["cookies"]

    assert use(plain, awaiting, own) == [{}, {}, {"mine": "1"}]


def test_failures_are_those_of_httpx2(backend: str) -> None:
    """A function catches them as it would from a client of its own."""
    nowhere = "http://127.0.0.1:9"

    def plain(ctx: Context) -> str:
        with pytest.raises(httpx2.ConnectError):
            ctx.http.get(nowhere)
        return "caught"

    async def awaiting(ctx: Context) -> str:
        with pytest.raises(httpx2.ConnectError):
            await ctx.http.get(nowhere)
        return "caught"

    assert use(plain, awaiting) == ["caught"] * 2


def test_a_cancelled_plain_function_sends_no_more(backend: str) -> None:
    """Its thread cannot be stopped, so its next request is what ends it."""
    began, cancelled, ended = threading.Event(), threading.Event(), threading.Event()
    raised: list[BaseException] = []

    async def main() -> None:
        mcp = FastMCP("x")

        @mcp.tool
        def slow(ctx: Context) -> None:
            began.set()
            cancelled.wait(SECONDS)
            try:
                ctx.http.get(f"{backend}/echo")
            except BaseException as error:
                raised.append(error)
            ended.set()

        async with Client(mcp) as client:
            calling = asyncio.create_task(client.call_tool("slow"))
            await asyncio.to_thread(began.wait, SECONDS)
            calling.cancel()
            await asyncio.wait([calling])
            await client.ping()
            cancelled.set()
            await asyncio.to_thread(ended.wait, SECONDS)

    asyncio.run(main())
    assert [type(error) for error in raised] == [asyncio.CancelledError]


def test_loops_in_several_threads_have_connections_of_their_own(backend: str) -> None:
    """A connection belongs to the loop that opened it; all are closed with the lifespan."""
    mcp = FastMCP("x")

    @mcp.tool
    async def connection(ctx: Context) -> int:
        return (await ctx.http.get(f"{backend}/echo")).json()["connection"]

    async def one(target: Any) -> int:
        async with Client(target) as client:
            return (await client.call_tool("connection")).data

    async def main() -> set[int]:
        async with Client(mcp) as client:
            with served(mcp) as base:
                here = (await client.call_tool("connection")).data
                there = await asyncio.to_thread(lambda: asyncio.run(one(f"{base}/mcp")))
            return {here, there}

    assert len(asyncio.run(main())) == 2


def test_background_tasks_and_lifespans_use_it_as_well(backend: str) -> None:
    """It belongs to the server, not to a request."""
    found: list[str] = []

    @asynccontextmanager
    async def life(server: FastMCP) -> AsyncGenerator[None]:
        found.append((await server.lifespan.http.get(f"{backend}/echo")).json()["method"])
        yield

    mcp = FastMCP("x", lifespan=life)

    @mcp.background
    async def poll(server: FastMCP) -> None:
        found.append((await server.lifespan.http.post(f"{backend}/echo")).json()["method"])

    async def main() -> None:
        async with Client(mcp) as client:
            while poll.status == "running":
                await client.ping()

    asyncio.run(main())
    assert found == ["GET", "POST"]


def test_httpx2_is_loaded_by_the_first_request() -> None:
    """A server whose functions send none does without."""
    program = """
import asyncio, sys
from fastmcp import Client, Context, FastMCP
mcp = FastMCP("x")

@mcp.tool
def look(ctx: Context) -> bool:
    ctx.http
    return "httpx2" in sys.modules

async def main():
    async with Client(mcp) as client:
        print((await client.call_tool("look")).data)

asyncio.run(main())
"""
    run = run_python("-c", program)
    assert run.stdout == "False\n", run.stderr
