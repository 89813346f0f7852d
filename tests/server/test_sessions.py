"""Sessions that outlive connections: those of users, and those under an id."""
# ruff: noqa: B008 - what stands for a session is a call in a default

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import pytest
from apps import http, served
from callers import client_of, knows_callers
from key_value.aio.stores.memory import MemoryStore
from pydantic import Field

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import FastMCPError, InvalidSignature, ToolError
from fastmcp.server.dependencies import get_session
from fastmcp.server.sessions import (
    SESSION_ID_DESCRIPTION,
    CurrentSession,
    InvalidSession,
    OptionalCurrentSession,
    Session,
    SessionAuthError,
    SessionId,
    SessionProvider,
    UserSession,
    current_principal,
)


@pytest.fixture(params=["own", "key-value"])
def store(request: pytest.FixtureRequest) -> Any:
    """The server's own store, and one that is only asked asynchronously."""
    return None if request.param == "own" else MemoryStore()


@pytest.fixture(params=["legacy", "auto"])
def mode(request: pytest.FixtureRequest) -> str:
    """The era that the client speaks."""
    return request.param


def facts(store: Any = None) -> FastMCP:
    """A server that remembers facts of its users."""
    mcp = FastMCP("facts", session_state_store=store)

    @mcp.tool
    async def remember(fact: str, session: UserSession) -> str | None:
        await session.set("fact", fact)
        return session.id

    @mcp.tool
    def remember_plainly(fact: str, session: UserSession) -> None:
        session.set("fact", fact)

    @mcp.tool
    async def recall(session: UserSession) -> str:
        return await session.get("fact", "nothing")

    @mcp.tool
    def recall_plainly(session: UserSession) -> str:
        return session.get("fact", "nothing")

    @mcp.tool
    async def recall_if_known(session: UserSession | None = None) -> str:
        return "nobody" if session is None else await session.get("fact", "nothing")

    @mcp.tool
    async def forget(how: str, session: UserSession) -> str:
        await (session.delete("fact") if how == "delete" else getattr(session, how)())
        return await session.get("fact", "nothing")

    return mcp


async def ask(
    base: str, user: str | None, *calls: tuple[str, dict[str, Any]], **options: Any
) -> Any:
    """What the calls give, all of one user's client."""
    async with client_of(base, user, **options) as client:
        return [(await client.call_tool(tool, arguments)).data for tool, arguments in calls]


def test_a_user_finds_what_the_user_left(store: Any, mode: str) -> None:
    """From another connection, in the other kind of function; others find their own."""

    async def main(base: str) -> None:
        assert await ask(base, "ada", ("remember", {"fact": "hers"}), mode=mode) == [None]
        await ask(base, "bob", ("remember_plainly", {"fact": "his"}), mode=mode)
        for tool in ("recall", "recall_plainly", "recall_if_known"):
            seen = [await ask(base, user, (tool, {}), mode=mode) for user in ("ada", "bob", "eve")]
            assert seen == [["hers"], ["his"], ["nothing"]]

    with served(facts(store).http_app(stateless_http=True, middleware=knows_callers())) as base:
        asyncio.run(main(base))


@pytest.mark.parametrize("how", ["delete", "clear", "end"])
def test_what_a_user_left_can_be_dropped(how: str, store: Any) -> None:
    """One value, all of them, or the whole session: which is there again when it is used."""
    calls = [
        ("forget", {"how": how}),
        ("remember", {"fact": "a"}),
        ("forget", {"how": how}),
        ("remember", {"fact": "b"}),
        ("recall", {}),
    ]

    with served(facts(store).http_app(middleware=knows_callers())) as base:
        seen = asyncio.run(ask(base, "ada", *calls))

    assert seen == ["nothing", None, "nothing", None, "b"]


def test_without_a_user_there_is_no_session_of_one(mode: str) -> None:
    """The call fails with an error that says what to do; what may be None is None."""

    async def main(base: str) -> None:
        for tool in ("recall", "recall_plainly"):
            with pytest.raises(ToolError, match=r"authenticated caller.*session_id: SessionId"):
                await ask(base, None, (tool, {}), mode=mode)
        assert await ask(base, None, ("recall_if_known", {}), mode=mode) == ["nobody"]

    with served(facts().http_app(middleware=knows_callers())) as base:
        asyncio.run(main(base))
    assert issubclass(SessionAuthError, FastMCPError)


def test_clients_do_not_see_the_parameter() -> None:
    """It is no part of the schema, and a client cannot fill it."""

    async def main() -> None:
        async with Client(facts()) as client:
            schemas = {tool.name: tool.input_schema for tool in await client.list_tools()}
            assert schemas["recall"].get("properties", {}) == {}
            assert schemas["remember"]["properties"].keys() == {"fact"}
            with pytest.raises(ToolError, match="session"):
                await client.call_tool("recall", {"session": {"fact": "a"}})

    asyncio.run(main())


def test_a_session_without_an_owner_is_no_parameter() -> None:
    """`Session` alone does not say whose: the function is refused."""
    mcp = FastMCP("x")

    async def tool(session: Session) -> None: ...

    with pytest.raises(InvalidSignature):
        mcp.tool(tool)


def test_defaults_stand_for_the_session_of_the_user() -> None:
    """CurrentSession() demands a user, OptionalCurrentSession() does not."""
    mcp = FastMCP("x")

    @mcp.tool
    async def required(session: Session = CurrentSession()) -> bool:
        await session.set("a", 1)
        return await session.get("a") == 1

    @mcp.tool
    async def optional(session: Session | None = OptionalCurrentSession()) -> bool:
        return session is None

    async def main(base: str) -> None:
        assert await ask(base, "ada", ("required", {}), ("optional", {})) == [True, False]
        assert await ask(base, None, ("optional", {})) == [True]
        with pytest.raises(ToolError, match="authenticated caller"):
            await ask(base, None, ("required", {}))

    with served(mcp.http_app(middleware=knows_callers())) as base:
        asyncio.run(main(base))


def test_who_the_caller_is_can_be_asked_anywhere() -> None:
    """current_principal() is that of the context; None without a request."""
    mcp = FastMCP("x")

    @mcp.tool
    def same(ctx: Context) -> bool:
        return current_principal() == ctx.principal is not None

    with served(mcp.http_app(middleware=knows_callers())) as base:
        assert asyncio.run(ask(base, "ada", ("same", {}))) == [True]
    assert current_principal() is None


def test_values_are_data(store: Any) -> None:
    """They come back as JSON has them, at once; others are a TypeError."""
    mcp = FastMCP("x", session_state_store=store)

    @mcp.tool
    async def use(session: UserSession) -> list[Any]:
        await session.set("tuple", (1, 2))
        with pytest.raises(TypeError, match="'object' is not serializable"):
            await session.set("object", object())
        return [await session.get("tuple"), await session.get("object")]

    with served(mcp.http_app(middleware=knows_callers())) as base:
        assert asyncio.run(ask(base, "ada", ("use", {}))) == [[[1, 2], None]]


def test_changes_at_the_same_time_are_all_kept(store: Any) -> None:
    """Of one session, by several calls that set different names."""
    mcp = FastMCP("x", session_state_store=store)

    @mcp.tool
    async def put(number: int, session: UserSession) -> None:
        await asyncio.gather(*(session.set(f"{number}.{each}", each) for each in range(5)))

    @mcp.tool
    async def count(session: UserSession) -> int:
        names = [f"{number}.{each}" for number in range(5) for each in range(5)]
        return sum([await session.get(name) is not None for name in names])

    async def main(base: str) -> int:
        async with client_of(base, "ada") as client:
            await asyncio.gather(*(client.call_tool("put", {"number": n}) for n in range(5)))
            return (await client.call_tool("count")).data

    with served(mcp.http_app(middleware=knows_callers())) as base:
        assert asyncio.run(main(base)) == 25


# Sessions under an id


def carts(store: Any = None) -> FastMCP:
    """A server whose clients keep several carts."""
    mcp = FastMCP("carts", session_state_store=store)
    mcp.add_provider(SessionProvider())

    @mcp.tool
    async def add(item: str, session_id: SessionId) -> list[str]:
        session = await get_session(session_id)
        items = [*await session.get("items", []), item]
        await session.set("items", items)
        assert session.id == session_id
        return items

    @mcp.tool
    def add_plainly(item: str, session_id: SessionId) -> list[str]:
        session: Any = get_session(session_id)
        items = [*session.get("items", []), item]
        session.set("items", items)
        return items

    @mcp.tool
    async def clear(session_id: SessionId) -> None:
        await (await get_session(session_id)).clear()

    return mcp


def test_a_client_creates_sessions_and_passes_their_ids(store: Any, mode: str) -> None:
    """In any connection, also without authentication; each has its own values."""
    mcp = carts(store)

    async def main() -> None:
        async with Client(mcp, mode=mode) as client:
            one, two = [(await client.call_tool("create_session")).data for _ in range(2)]
            await client.call_tool("add", {"item": "a", "session_id": one})
            await client.call_tool("add", {"item": "b", "session_id": two})
        async with Client(mcp, mode=mode) as client:
            added = await client.call_tool("add_plainly", {"item": "c", "session_id": one})
            assert added.data == ["a", "c"]
            await client.call_tool("clear", {"session_id": one})
            added = await client.call_tool("add", {"item": "d", "session_id": one})
            assert added.data == ["d"]
            await client.call_tool("end_session", {"session_id": one})
            for tool in ("add", "add_plainly"):
                with pytest.raises(ToolError, match="Invalid or unknown session"):
                    await client.call_tool(tool, {"item": "e", "session_id": one})
            added = await client.call_tool("add", {"item": "f", "session_id": two})
            assert added.data == ["b", "f"]

    asyncio.run(main())


@pytest.mark.parametrize("id", ["", "unknown", "_user", "../x", "a" * 10_000])
def test_an_id_that_was_not_created_is_refused(id: str, store: Any) -> None:
    """With the same words for all of them."""

    async def main() -> None:
        async with Client(carts(store)) as client:
            for tool, more in (("add", {"item": "a"}), ("end_session", {})):
                with pytest.raises(ToolError, match="Invalid or unknown session") as caught:
                    await client.call_tool(tool, {"session_id": id, **more})
                assert str(caught.value) == str(InvalidSession())

    asyncio.run(main())


def test_an_id_is_good_for_the_caller_who_created_it(store: Any) -> None:
    """Another one, or one who is not authenticated, cannot use it, end it, or learn that it is."""

    async def main(base: str) -> None:
        [id] = await ask(base, "ada", ("create_session", {}))
        arguments = {"item": "a", "session_id": id}
        assert await ask(base, "ada", ("add", arguments)) == [["a"]]
        for user in ("bob", None):
            for call in (("add", arguments), ("end_session", {"session_id": id})):
                with pytest.raises(ToolError, match="Invalid or unknown session"):
                    await ask(base, user, call)
        assert await ask(base, "ada", ("add", arguments)) == [["a", "a"]]

    with served(carts(store).http_app(middleware=knows_callers())) as base:
        asyncio.run(main(base))


def test_the_schema_tells_how_to_come_by_an_id() -> None:
    """A required text with a description, unless its author describes it."""
    mcp = FastMCP("x")

    @mcp.tool
    async def plain(session_id: SessionId) -> None: ...

    @mcp.tool
    async def described(cart: Annotated[SessionId, Field(description="The cart.")]) -> None: ...

    async def main() -> list[Any]:
        async with Client(mcp) as client:
            return [tool.input_schema for tool in await client.list_tools()]

    plain_schema, described_schema = asyncio.run(main())

    assert plain_schema["required"] == ["session_id"]
    assert plain_schema["properties"]["session_id"] == {
        "type": "string",
        "description": SESSION_ID_DESCRIPTION,
    }
    assert described_schema["properties"]["cart"]["description"] == "The cart."


def test_a_store_keeps_sessions_for_good_and_learns_no_owner() -> None:
    """They have no time to live, and their keys tell nothing."""

    puts: list[Any] = []

    class Recording(MemoryStore):
        async def put(self, key: str, value: Any, **options: Any) -> None:
            puts.append((key, options["ttl"]))
            await super().put(key, value, **options)

    with http(facts(Recording()), middleware=knows_callers()) as client:
        asyncio.run(ask(client.base, "ada", ("remember", {"fact": "a"})))

    [(key, ttl)] = puts
    assert len(key) == 64
    assert ttl is None


def test_outside_of_a_request_there_is_no_session() -> None:
    """RuntimeErrors that say so."""
    with pytest.raises(RuntimeError, match="No request is being served"):
        get_session("a")
    with pytest.raises(RuntimeError, match="No request is being served"):
        UserSession.current()
