"""Area E: the context and the facts of the request, row by row."""
# ruff: noqa: B008 - what stands for the request is a call in a default

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from apps import Mcp, call, http, messages, served
from callers import client_of, knows_callers
from reaching import Reach, used, value_of
from starlette.applications import Starlette
from starlette.routing import Mount

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport
from fastmcp.dependencies import CurrentContext
from fastmcp.server.dependencies import get_context, get_http_headers, get_http_request
from fastmcp.server.middleware import Middleware


def text_of(answer: Any) -> str:
    return answer["result"]["content"][0]["text"]


def test_s068_a_context_is_injected_anywhere_and_no_part_of_the_schema(mode: str) -> None:
    """First, last, and with None for a default."""
    mcp = FastMCP("x")

    @mcp.tool
    async def process_file(file_uri: str, ctx: Context) -> str:
        return f"{file_uri} {ctx.fastmcp.name}"

    @mcp.tool
    def first(ctx: Context, file_uri: str) -> str:
        return f"{file_uri} {ctx.fastmcp.name}"

    @mcp.tool
    def maybe(file_uri: str, ctx: Context = None) -> str:  # type: ignore[assignment]
        return f"{file_uri} {ctx.fastmcp.name}"

    async def use(client: Client) -> Any:
        schemas = [tool.input_schema["properties"].keys() for tool in await client.list_tools()]
        names = ("process_file", "first", "maybe")
        calls = [await client.call_tool(name, {"file_uri": "a"}) for name in names]
        return schemas, [each.data for each in calls]

    schemas, values = used(mcp, use, mode=mode)

    assert schemas == [{"file_uri"}] * 3
    assert values == ["a x"] * 3


def test_s069_info_reaches_the_log_handler_of_the_client(reach: Reach, mode: str) -> None:
    """At level info."""
    mcp = FastMCP("x")

    @mcp.tool
    async def work(ctx: Context) -> None:
        await ctx.info("at work")

    target, heard = reach(mcp), []

    async def use(client: Client) -> None:
        await client.set_logging_level("info")
        await client.call_tool("work")

    used(target, use, mode=mode, log_handler=heard.append)

    assert [(each.level, each.data["msg"]) for each in heard] == [("info", "at work")]


@pytest.mark.parametrize("is_async", [True, False])
def test_s070_helpers_find_the_context(is_async: bool, reach: Reach, mode: str) -> None:
    """get_context() needs no parameter, on the loop and in a worker thread."""
    mcp = FastMCP("x")

    def helper() -> str:
        return f"{get_context().fastmcp.name} {get_context().request_id}"

    async def use_helper_async(ctx: Context) -> bool:
        return helper() == f"x {ctx.request_id}" and get_context() is ctx

    def use_helper(ctx: Context) -> bool:
        return helper() == f"x {ctx.request_id}" and get_context() is ctx

    mcp.tool(use_helper_async if is_async else use_helper, name="use_helper")

    assert value_of(reach(mcp), "use_helper", mode=mode) is True


def test_s071_outside_of_a_request_there_is_no_context() -> None:
    """get_context() raises a RuntimeError."""
    with pytest.raises(RuntimeError, match="No request is being served"):
        get_context()


def test_s072_context_current_is_the_injected_one(mode: str) -> None:
    """In sync tools, helpers and decorators; outside it raises."""
    mcp = FastMCP("x")

    def audited(function: Callable[[Context], bool]) -> Callable[[Context], bool]:
        def wrapper(ctx: Context) -> bool:
            return Context.current() is ctx and function(ctx)

        return wrapper

    @mcp.tool(name="check")
    @audited
    def check(ctx: Context) -> bool:
        return Context.current() is ctx is get_context()

    assert value_of(mcp, "check", mode=mode) is True
    with pytest.raises(RuntimeError, match="No request is being served"):
        Context.current()


IDS = """
    from fastmcp import Context, FastMCP

    mcp = FastMCP("ids")

    @mcp.tool
    def session_id(ctx: Context) -> str:
        return getattr(ctx, "session_id", "unknown")

    if __name__ == "__main__":
        mcp.run()
"""


def ids_server() -> FastMCP:
    mcp = FastMCP("ids")

    @mcp.tool
    def session_id(ctx: Context) -> str:
        return getattr(ctx, "session_id", "unknown")

    return mcp


@pytest.mark.parametrize("way", ["memory", "http", "stdio"])
def test_s073_the_session_id_is_stable_in_a_session(
    way: str, mode: str, script: Callable[..., Path]
) -> None:
    """Two calls in one session see the same text, two sessions two."""

    async def both(target: Any) -> list[str]:
        async with Client(target, timeout=20, mode=mode) as client:
            return [(await client.call_tool("session_id")).data for _ in range(2)]

    async def sessions() -> list[list[str]]:
        if way == "memory":
            mcp = ids_server()
            return [await both(mcp), await both(mcp)]
        if way == "stdio":
            command = [str(script(IDS))]
            return [await both(StdioTransport(sys.executable, command)) for _ in range(2)]
        with served(ids_server().http_app()) as base:
            return [await both(f"{base}/mcp"), await both(f"{base}/mcp")]

    (a, b), (c, d) = asyncio.run(sessions())

    assert a == b != c == d
    assert all(isinstance(each, str) and each for each in (a, c))


def test_s073_over_http_it_is_the_mcp_session_id() -> None:
    """What the handshake gave the client."""
    with http(ids_server()) as client:
        session = client.open()
        [answer] = messages(client.post(call("session_id"), session))

    assert text_of(answer) == session["mcp-session-id"]


def test_s073_a_request_that_stands_alone_has_one_for_itself() -> None:
    """In stateless HTTP: a text, the same throughout the request, another in the next."""
    mcp = FastMCP("x")

    @mcp.tool
    def ids(ctx: Context) -> list[str]:
        return [ctx.session_id, get_context().session_id]

    with http(mcp, stateless_http=True) as client:
        answers = [
            json.loads(text_of(messages(send(call("ids")))[0]))
            for send in (client.post, client.post, client.modern, client.modern)
        ]

    assert all(one == other for one, other in answers)
    assert len({one for one, _ in answers}) == 4


def test_s074_the_user_agent_is_the_header_or_the_client(mode: str) -> None:
    """On HTTP what the client's header says; elsewhere its name and version."""
    mcp = FastMCP("x")

    @mcp.tool
    def agent(ctx: Context) -> str:
        return getattr(ctx, "user_agent", "unknown")

    with served(mcp.http_app()) as base:
        transport = StreamableHttpTransport(f"{base}/mcp", headers={"User-Agent": "probe/2"})
        over_http = value_of(transport, "agent", mode=mode)
    in_memory = value_of(mcp, "agent", mode=mode, name="tester")

    assert over_http == "probe/2"
    assert in_memory.partition("/")[0] == "tester"
    assert in_memory.partition("/")[2]


def test_s075_user_info_is_what_the_token_says_of_the_caller(mode: str) -> None:
    """The claims of the token record; an empty mapping for whoever has none."""
    mcp = FastMCP("x")

    @mcp.tool
    def whoami(ctx: Context) -> dict[str, Any]:
        info = getattr(ctx, "user_info", {})
        return {"role": info.get("role"), "user": info.get("user"), "known": bool(info)}

    async def ask(base: str, user: str | None) -> Any:
        async with client_of(base, user, mode=mode) as client:
            return (await client.call_tool("whoami")).data

    with served(mcp.http_app(middleware=knows_callers(role="admin", user="admin"))) as base:
        known = asyncio.run(ask(base, "admin"))
        unknown = asyncio.run(ask(base, None))

    assert known == {"role": "admin", "user": "admin", "known": True}
    assert unknown == {"role": None, "user": None, "known": False}
    assert value_of(mcp, "whoami", mode=mode) == unknown


@pytest.mark.parametrize("is_async", [True, False])
def test_s076_the_logger_logs_here_and_at_the_client(
    is_async: bool, reach: Reach, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A record with the extras of the call, and a notification with its data."""
    mcp = FastMCP("x")

    def work(ctx: Context) -> None:
        ctx.logger.info("user %s", "ada", extra={"action": "login", "from": socket.AF_INET})
        ctx.logger.error("broken")

    async def work_async(ctx: Context) -> None:
        work(ctx)

    mcp.tool(work_async if is_async else work, name="work")
    target, heard = reach(mcp), []

    async def use(client: Client) -> None:
        await client.set_logging_level("info")
        await client.call_tool("work")

    with caplog.at_level(logging.INFO, "fastmcp.server.x"):
        used(target, use, mode=mode, log_handler=heard.append)

    info, error = (record for record in caplog.records if record.name == "fastmcp.server.x")
    assert (info.getMessage(), info.action) == ("user ada", "login")
    assert (error.getMessage(), error.levelname) == ("broken", "ERROR")
    assert [(each.level, each.data["msg"]) for each in heard] == [
        ("info", "user ada"),
        ("error", "broken"),
    ]
    assert heard[0].data["extra"]["action"] == "login"


def test_s076_what_cannot_be_sent_is_shown(mode: str) -> None:
    """Extras that JSON does not have: the call goes on, and the client reads their text."""
    mcp = FastMCP("x")

    class Unreadable:
        def __str__(self) -> str:
            raise ValueError("nobody can read this")

    around: list[Any] = []
    around.append(around)
    extras = [
        {"error": OSError("no route"), "path": Path("a"), 7: {1}},
        {"value": Unreadable()},
        {"value": around},
        {("a", "b"): 1},
        {"value": "\ud800"},
    ]

    @mcp.tool
    async def work(ctx: Context) -> str:
        for extra in extras:
            ctx.logger.info("at work", extra={"data": extra})
            await ctx.info("at work", extra=extra)
        return "done"

    heard: list[Any] = []

    async def use(client: Client) -> str:
        await client.set_logging_level("info")
        return (await client.call_tool("work")).data

    assert used(mcp, use, mode=mode, log_handler=heard.append) == "done"
    assert len(heard) == 2 * len(extras)
    assert heard[1].data["extra"] == {"error": "no route", "path": "a", "7": [1]}
    assert "Unreadable" in heard[3].data["extra"]["value"]


def test_s076_a_client_that_is_gone_hears_nothing_and_harms_nothing() -> None:
    """The logger does not raise when nobody is there any more."""
    mcp = FastMCP("x")
    began, left, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    @mcp.tool
    async def work(ctx: Context) -> None:
        began.set()
        try:
            await left.wait()
        finally:
            ctx.logger.error("nobody is there")
            ended.set()

    async def main() -> None:
        async with Client(mcp, timeout=20) as client:
            calling = asyncio.create_task(client.call_tool("work"))
            await began.wait()
            await client.close()
            left.set()
            await asyncio.gather(calling, return_exceptions=True)
        async with asyncio.timeout(20):
            await ended.wait()

    asyncio.run(main())


def app_server() -> FastMCP:
    """Tools that look for the ASGI application and what it keeps."""
    mcp = FastMCP("apps")

    @mcp.tool
    def app_value(ctx: Context, name: str) -> Any:
        app = ctx.request_context.get("app")
        return None if app is None else getattr(app.state, name, "not there")

    @mcp.tool
    def state_value(ctx: Context, name: str) -> Any:
        state = ctx.app_state
        return None if state is None else getattr(state, name, "not there")

    return mcp


def both_values(target: Any, name: str, **options: Any) -> list[Any]:
    async def use(client: Client) -> list[Any]:
        calls = [
            await client.call_tool(tool, {"name": name}) for tool in ("app_value", "state_value")
        ]
        return [each.data for each in calls]

    return used(target, use, **options)


def test_s086_request_context_gives_the_application(mode: str) -> None:
    """By key, with its state, in middleware and tools; None where there is none."""
    mcp = app_server()
    seen: list[Any] = []

    class Bridge(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            seen.append(context.fastmcp_context.request_context.get("app"))
            return await call_next(context)

    mcp.add_middleware(Bridge())
    app = mcp.http_app()
    app.state.pool = "pool"

    with served(app) as base:
        over_http = both_values(f"{base}/mcp", "pool", mode=mode)
    in_memory = both_values(mcp, "pool", mode=mode)

    assert over_http == ["pool", "pool"]
    assert in_memory == [None, None]
    assert seen == [app, app, None, None]


def test_s086_request_context_has_the_facts_of_the_request(mode: str) -> None:
    """As attributes and by key; what is no fact is a KeyError, or the default."""
    mcp = FastMCP("x")

    @mcp.tool
    def facts(ctx: Context) -> dict[str, Any]:
        facts = ctx.request_context
        with pytest.raises(KeyError):
            facts["no_such_fact"]
        assert bool(facts)
        assert facts.get("no_such_fact", 7) == 7
        assert facts["request"].url == facts.request.url == ctx.request.url
        assert facts.session is facts["session"]
        return {
            "keys": sorted(facts),
            "ids": [facts.request_id == ctx.request_id, facts["session_id"] == ctx.session_id],
            "version": facts.protocol_version == ctx.protocol_version,
            "lifespan": dict(facts["lifespan_context"]),
            "meta": [facts.meta.user, facts.meta["user"], hasattr(facts.meta, "nobody")],
        }

    async def use(client: Client) -> Any:
        return (await client.call_tool("facts", meta={"user": "ada"})).data

    with served(mcp.http_app()) as base:
        found = used(f"{base}/mcp", use, mode=mode)

    assert {"app", "request", "request_id", "meta", "session"} <= set(found["keys"])
    assert found["ids"] == [True, True]
    assert found["version"] is True
    assert found["lifespan"] == {}
    assert found["meta"] == ["ada", "ada", False]


@pytest.mark.parametrize("where", ["/", "/sub"])
def test_s086_a_mounted_server_sees_the_state_of_its_host(where: str, mode: str) -> None:
    """What the host's lifespan made: on the host's state, and what the lifespan yielded."""
    mcp = app_server()
    inner = mcp.http_app()
    inner.state.own = "inner"
    inner.state.both = "inner"

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, str]]:
        app.state.pool = "of the host"
        app.state.both = "of the host"
        async with inner.lifespan(app):
            yield {"yielded": "by the lifespan"}

    host = Starlette(routes=[Mount(where, app=inner)], lifespan=lifespan)

    with served(host) as base:
        url = f"{base}{where.rstrip('/')}/mcp"
        found = {
            name: both_values(url, name, mode=mode) for name in ("own", "pool", "both", "yielded")
        }

    assert found == {
        "own": ["inner", "inner"],
        "pool": ["not there", "of the host"],
        "both": ["inner", "inner"],
        "yielded": ["not there", "by the lifespan"],
    }


def test_s086_what_a_tool_sets_on_the_state_is_there_afterwards() -> None:
    """Where the name was, or as new on the state of our application."""
    mcp = FastMCP("x")

    @mcp.tool
    def count(ctx: Context) -> int:
        ctx.app_state.total += 1
        ctx.app_state.new = "new"
        return ctx.app_state.total

    inner = mcp.http_app()
    host = Starlette(routes=[Mount("/", app=inner)], lifespan=inner.lifespan)
    host.state.total = 1

    with served(host) as base:
        counted = [value_of(f"{base}/mcp", "count") for _ in range(2)]

    assert counted == [2, 3]
    assert (host.state.total, inner.state.new) == (3, "new")


def path_server() -> FastMCP:
    mcp = FastMCP("paths")

    @mcp.tool
    def path() -> str:
        return get_http_request().url.path

    @mcp.tool
    def header(name: str) -> str | None:
        return get_http_headers().get(name)

    return mcp


def test_s087_the_http_request_is_at_hand(mode: str) -> None:
    """get_http_request() over HTTP; a RuntimeError elsewhere."""
    with served(path_server().http_app()) as base:
        assert value_of(f"{base}/mcp", "path", mode=mode) == "/mcp"
    with pytest.raises(Exception, match="did not come over HTTP"):
        value_of(path_server(), "path", mode=mode)
    with pytest.raises(RuntimeError):
        get_http_request()


def test_s088_the_headers_are_at_hand(mode: str) -> None:
    """get_http_headers() over HTTP; empty elsewhere."""
    mcp = path_server()

    with served(mcp.http_app()) as base:
        transport = StreamableHttpTransport(f"{base}/mcp", headers={"X-Tenant": "acme"})
        assert value_of(transport, "header", {"name": "x-tenant"}, mode=mode) == "acme"
    assert value_of(mcp, "header", {"name": "x-tenant"}, mode=mode) is None
    assert get_http_headers() == {}


@pytest.mark.parametrize("way", ["app", "routes", "mounted", "server"])
def test_s089_the_request_is_there_however_the_endpoint_is_reached(way: str, mode: str) -> None:
    """Also when only the routes are reused in an application of somebody else's."""
    mcp = path_server()
    app = mcp.http_app()
    ways: dict[str, Any] = {
        "app": app,
        "routes": Starlette(routes=[*app.routes], lifespan=app.lifespan),
        "mounted": Starlette(routes=[Mount("/sub", app=app)], lifespan=app.lifespan),
        "server": mcp,
    }
    prefix = "/sub" if way == "mounted" else ""

    with served(ways[way]) as base:
        url = f"{base}{prefix}/mcp"
        transport = StreamableHttpTransport(url, headers={"X-Tenant": "acme"})
        path = value_of(url, "path", mode=mode)
        header = value_of(transport, "header", {"name": "x-tenant"}, mode=mode)

    assert (path, header) == (f"{prefix}/mcp", "acme")


def test_s091_a_bridge_hands_the_state_of_the_application_to_tools(mode: str) -> None:
    """Middleware copies it into the context; tools use the objects without more ado."""
    mcp = FastMCP("x")

    class Pool:
        async def execute(self, query: str) -> str:
            return f"did {query}"

    class Bridge(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            app = context.fastmcp_context.request_context.get("app")
            for name, value in app.state._state.items():
                context.fastmcp_context.set_state(name, value)
            return await call_next(context)

    mcp.add_middleware(Bridge())

    @mcp.tool
    async def query(ctx: Context = CurrentContext()) -> list[Any]:
        pool = ctx.get_state("db_pool")
        return [await pool.execute("it"), ctx.get_state("fastmcp_server") == mcp]

    @mcp.tool
    def same(ctx: Context) -> bool:
        return ctx.get_state("db_pool") is app.state.db_pool

    app = mcp.http_app()
    app.state.db_pool = Pool()

    with served(app) as base:
        assert value_of(f"{base}/mcp", "query", mode=mode) == ["did it", True]
        assert value_of(f"{base}/mcp", "same", mode=mode) is True


def test_s091_the_request_reaches_the_application_by_itself() -> None:
    """ctx.request.app, as in any Starlette handler."""
    mcp = FastMCP("x")

    @mcp.tool
    def name(ctx: Context) -> str:
        assert ctx.request is not None
        return ctx.request.app.state.fastmcp_server.name

    with served(mcp.http_app()) as base, Mcp(base) as client:
        [answer] = messages(client.modern(call("name")))

    assert text_of(answer) == "x"
