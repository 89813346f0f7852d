"""State: what functions keep, for a request, a session, a user."""

from pathlib import Path
from typing import Any

import pytest
from apps import served
from callers import client_of, knows_callers

from fastmcp import Client, Context, FastMCP


async def test_state_lasts_for_a_session() -> None:
    """Every later call of the session sees it, others do not."""
    # snippet: first
    from fastmcp import Context, FastMCP

    mcp = FastMCP("Library")

    @mcp.tool
    async def borrow(book: str, ctx: Context) -> list[str]:
        books = await ctx.get_state("books", [])
        await ctx.set_state("books", [*books, book])
        return await ctx.get_state("books")

    @mcp.tool
    async def give_back(ctx: Context) -> None:
        await ctx.delete_state("books")

    # end
    # snippet: client
    from fastmcp import Client

    async with Client(mcp) as client:
        await client.call_tool("borrow", {"book": "Emma"})
        result = await client.call_tool("borrow", {"book": "Middlemarch"})
        assert result.data == ["Emma", "Middlemarch"]

    async with Client(mcp) as another:
        result = await another.call_tool("borrow", {"book": "Emma"})
        assert result.data == ["Emma"]
    # end
    async with Client(mcp) as client:
        await client.call_tool("borrow", {"book": "Emma"})
        await client.call_tool("give_back")
        assert (await client.call_tool("borrow", {"book": "Emma"})).data == ["Emma"]


async def test_plain_functions_need_no_await() -> None:
    """They get the value itself."""
    mcp = FastMCP("Library")

    # snippet: plain
    @mcp.tool
    def visit(ctx: Context) -> int:
        visits = ctx.get_state("visits", 0) + 1
        ctx.set_state("visits", visits)
        return visits

    # end
    async with Client(mcp) as client:
        assert [(await client.call_tool("visit")).data for _ in range(2)] == [1, 2]


async def test_middleware_hands_things_to_tools() -> None:
    """Any object, for the time of the request."""
    # snippet: request
    from typing import Any

    from fastmcp.server.middleware import Middleware, MiddlewareContext

    class Catalogue:
        async def find(self, title: str) -> str:
            return f"{title} is on shelf 7"

    class HandsOver(Middleware):
        async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
            context.fastmcp_context.set_state("catalogue", Catalogue())
            return await call_next(context)

    mcp = FastMCP("Library", middleware=[HandsOver()])

    @mcp.tool
    async def find(title: str, ctx: Context) -> str:
        return await ctx.get_state("catalogue").find(title)

    # end
    async with Client(mcp) as client:
        assert (await client.call_tool("find", {"title": "Emma"})).data == "Emma is on shelf 7"


async def test_it_can_be_said_how_long_a_value_lives() -> None:
    """For the request only, or an error if it cannot be longer."""
    mcp = FastMCP("Library")

    # snippet: serializable
    @mcp.tool
    async def look_around(ctx: Context) -> None:
        await ctx.set_state("draft", {"title": "Emma"}, serializable=False)  # this request alone
        await ctx.set_state("book", {"title": "Emma"}, serializable=True)  # or a TypeError

    # end
    @mcp.tool
    async def left(ctx: Context) -> list[Any]:
        return [await ctx.get_state("draft"), await ctx.get_state("book")]

    async with Client(mcp) as client:
        await client.call_tool("look_around")
        assert (await client.call_tool("left")).data == [None, {"title": "Emma"}]


async def test_state_is_kept_in_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On disk, in Redis, or wherever py-key-value-aio has a store for."""
    monkeypatch.chdir(tmp_path)
    # snippet: store
    from key_value.aio.stores.disk import DiskStore

    mcp = FastMCP("Library", session_state_store=DiskStore(directory="state"))
    # end

    @mcp.tool
    async def visit(ctx: Context) -> int:
        visits = await ctx.get_state("visits", 0) + 1
        await ctx.set_state("visits", visits)
        return visits

    async with Client(mcp) as client:
        assert [(await client.call_tool("visit")).data for _ in range(2)] == [1, 2]


async def test_users_have_sessions_of_their_own() -> None:
    """Wherever they connect from."""
    mcp = FastMCP("Library")

    # snippet: user
    from fastmcp.server.sessions import UserSession

    @mcp.tool
    async def join(name: str, session: UserSession) -> None:
        await session.set("name", name)

    @mcp.tool
    async def greet(session: UserSession | None = None) -> str:
        name = None if session is None else await session.get("name")
        return f"Hello, {name or 'stranger'}!"

    # end
    with served(mcp.http_app(middleware=knows_callers())) as base:
        async with client_of(base, "ada") as client:
            await client.call_tool("join", {"name": "Ada"})
        async with client_of(base, "ada") as client:
            assert (await client.call_tool("greet")).data == "Hello, Ada!"
        async with client_of(base) as client:
            assert (await client.call_tool("greet")).data == "Hello, stranger!"
            with pytest.raises(Exception, match="authenticated caller"):
                await client.call_tool("join", {"name": "Eve"})


async def test_models_create_sessions() -> None:
    """And pass their ids."""
    # snippet: created
    from fastmcp.server.dependencies import get_session
    from fastmcp.server.sessions import SessionId, SessionProvider

    # which has the tools create_session and end_session
    mcp = FastMCP("Library", providers=[SessionProvider()])

    @mcp.tool
    async def reserve(book: str, session_id: SessionId) -> list[str]:
        session = await get_session(session_id)
        books = [*await session.get("books", []), book]
        await session.set("books", books)
        return books

    # end
    async with Client(mcp) as client:
        id = (await client.call_tool("create_session")).data
        await client.call_tool("reserve", {"book": "Emma", "session_id": id})
        result = await client.call_tool("reserve", {"book": "Persuasion", "session_id": id})
        assert result.data == ["Emma", "Persuasion"]
        await client.call_tool("end_session", {"session_id": id})
        with pytest.raises(Exception, match="Invalid or unknown session"):
            await client.call_tool("reserve", {"book": "Emma", "session_id": id})


async def test_the_application_has_state_too() -> None:
    """What its lifespan made is at hand in every tool."""
    mcp = FastMCP("Library")

    # snippet: app
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager

    from starlette.applications import Starlette
    from starlette.routing import Mount

    @mcp.tool
    async def opening_hours(ctx: Context) -> str:
        return ctx.app_state.hours

    mcp_app = mcp.http_app()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.hours = "9 to 5"
        async with mcp_app.lifespan(app):
            yield

    app = Starlette(routes=[Mount("/library", app=mcp_app)], lifespan=lifespan)
    # end
    with served(app) as base:
        async with Client(f"{base}/library/mcp") as client:
            assert (await client.call_tool("opening_hours")).data == "9 to 5"
