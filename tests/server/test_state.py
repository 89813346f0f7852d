"""State: who sees what, for how long, and in which form."""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from apps import CAPABILITIES_KEY, Mcp, call, enveloped, http, messages, modern_headers, request
from callers import USER, knows_callers
from key_value.aio.stores.memory import MemoryStore
from pydantic import BaseModel

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.middleware import Middleware

Use = Callable[[Client], Awaitable[Any]]
SECONDS = 20


@pytest.fixture(params=["own", "key-value"])
def store(request: pytest.FixtureRequest) -> Any:
    """The server's own store, and one that is only asked asynchronously."""
    return None if request.param == "own" else MemoryStore()


def used(mcp: FastMCP, use: Use, **options: Any) -> Any:
    async def main() -> Any:
        async with Client(mcp, timeout=SECONDS, **options) as client:
            return await use(client)

    return asyncio.run(main())


def called(mcp: FastMCP, *tools: str) -> list[Any]:
    """What tools give that are called one after the other in one session."""

    async def use(client: Client) -> list[Any]:
        return [(await client.call_tool(tool)).data for tool in tools]

    return used(mcp, use)


def named(
    client: Mcp, tool: str, session: Any, user: str | None = None, /, **arguments: Any
) -> Any:
    """The answer to a modern call in a session of that name."""
    message = call(tool, 1, **arguments)
    headers = {**modern_headers(message), **({} if user is None else {USER: user})}
    [answer] = messages(client.post(enveloped(message, **{"fastmcp/session": session}), headers))
    return answer


def notes(store: Any = None, **options: Any) -> FastMCP:
    """A server that keeps one note per session."""
    mcp = FastMCP("notes", session_state_store=store, **options)

    @mcp.tool
    async def write(note: str, ctx: Context) -> str:
        await ctx.set_state("note", note)
        return ctx.session_id

    @mcp.tool
    async def read(ctx: Context) -> str:
        return await ctx.get_state("note", "nothing")

    return mcp


def text_of(answer: Any) -> str:
    return answer["result"]["content"][0]["text"]


# What comes back


class Model(BaseModel):
    number: int = 1


@dataclass
class Point:
    x: int = 2


def test_data_comes_back_as_json_has_it(store: Any) -> None:
    """In a later request; in the same one it is the object itself."""
    values = {
        "model": Model(),
        "dataclass": Point(),
        "tuple": (1, 2),
        "set": {3},
        "date": datetime.datetime(2026, 1, 2),
        "bytes": b"abc",
        "numbers": {1: float("nan"), 2: 2**70},
        "none": None,
    }
    mcp = FastMCP("x", session_state_store=store)

    @mcp.tool
    async def put(ctx: Context) -> bool:
        for key, value in values.items():
            await ctx.set_state(key, value)
        return all([await ctx.get_state(key) is value for key, value in values.items()])

    @mcp.tool
    async def look(ctx: Context) -> dict[str, Any]:
        return {key: await ctx.get_state(key, "missing") for key in values}

    assert called(mcp, "put", "look") == [
        True,
        {
            "model": {"number": 1},
            "dataclass": {"x": 2},
            "tuple": [1, 2],
            "set": [3],
            "date": "2026-01-02T00:00:00",
            "bytes": "abc",
            "numbers": {"1": None, "2": 2**70},
            "none": None,
        },
    ]


def test_what_a_request_does_to_a_value_stays_with_it(store: Any) -> None:
    """A list that was read and changed, but not set, is as it was in the next request."""
    mcp = FastMCP("x", session_state_store=store)
    kept: list[list[int]] = [[]]

    @mcp.tool
    async def put(ctx: Context) -> None:
        await ctx.set_state("list", kept[0])
        kept[0].append(1)

    @mcp.tool
    async def change(ctx: Context) -> list[int]:
        (await ctx.get_state("list")).append(2)
        return await ctx.get_state("list")

    assert called(mcp, "put", "change", "change") == [None, [2], [2]]


def test_what_is_not_awaited_is_stored_as_it_is_in_the_end(store: Any) -> None:
    """When the request ends, also if the function failed."""
    mcp = FastMCP("x", session_state_store=store)

    @mcp.tool
    async def put(ctx: Context) -> None:
        collected: list[int] = []
        ctx.set_state("list", collected)
        collected.append(1)
        raise ToolError("too bad")

    @mcp.tool
    def look(ctx: Context) -> list[int]:
        return ctx.get_state("list")

    async def use(client: Client) -> Any:
        with pytest.raises(ToolError, match="too bad"):
            await client.call_tool("put")
        return (await client.call_tool("look")).data

    assert used(mcp, use) == [1]


def test_the_last_value_is_kept_whatever_is_awaited_when(store: Any) -> None:
    """An await that comes late does not bring back what it was for."""
    mcp = FastMCP("x", session_state_store=store)

    @mcp.tool
    async def put(ctx: Context) -> list[Any]:
        early = ctx.set_state("a", 1)
        await ctx.set_state("a", 2)
        await early
        deleting = ctx.delete_state("b")
        ctx.set_state("b", 3)
        await deleting
        await ctx.set_state("c", 4)
        ctx.set_state("c", 5, serializable=False)
        return [await ctx.get_state(key) for key in "abc"]

    @mcp.tool
    async def look(ctx: Context) -> list[Any]:
        return [await ctx.get_state(key) for key in "abc"]

    assert called(mcp, "put", "look") == [[2, 3, 5], [2, 3, 4]]


@pytest.mark.parametrize("way", ["awaited", "not awaited", "plain"])
def test_what_is_deleted_is_gone_at_once_and_for_good(way: str, store: Any) -> None:
    """In the request that does it, and in those after it."""
    mcp = FastMCP("x", session_state_store=store)

    @mcp.tool
    async def put(ctx: Context) -> None:
        await ctx.set_state("a", 1)

    async def delete(ctx: Context) -> list[Any]:
        before = await ctx.get_state("a")
        ctx.set_state("object", object())
        for key in ("a", "object", "never there"):
            deleting = ctx.delete_state(key)
            if way == "awaited":
                await deleting
        return [before, await ctx.get_state("a", "gone"), await ctx.get_state("object")]

    def delete_plainly(ctx: Context) -> list[Any]:
        before = ctx.get_state("a")
        ctx.set_state("object", object())
        for key in ("a", "object", "never there"):
            ctx.delete_state(key)
        return [before, ctx.get_state("a", "gone"), ctx.get_state("object")]

    mcp.tool(delete_plainly if way == "plain" else delete, name="delete")

    @mcp.tool
    async def look(ctx: Context) -> str:
        return await ctx.get_state("a", "gone")

    assert called(mcp, "put", "delete", "look")[1:] == [[1, "gone", None], "gone"]


@pytest.mark.parametrize("is_async", [True, False])
def test_what_has_to_be_data_is_refused_at_once_if_it_is_not(is_async: bool, store: Any) -> None:
    """With serializable=True, by a TypeError that says what to do; nothing is set."""
    mcp = FastMCP("x", session_state_store=store)
    around: list[Any] = []
    around.append(around)
    unfit = [object(), {"a": print}, around, b"\xff", (i for i in range(3))]

    def set_all(ctx: Context) -> None:
        for value in unfit:
            with pytest.raises(TypeError, match=r"'a' is not serializable.*serializable=True out"):
                ctx.set_state("a", value, serializable=True)
        ctx.set_state("b", {"fit": 1}, serializable=True)

    def put(ctx: Context) -> str:
        set_all(ctx)
        return ctx.get_state("a", "nothing")

    async def put_async(ctx: Context) -> str:
        set_all(ctx)
        return await ctx.get_state("a", "nothing")

    mcp.tool(put_async if is_async else put, name="put")

    @mcp.tool
    async def look(ctx: Context) -> dict[str, int]:
        return await ctx.get_state("b")

    assert called(mcp, "put", "look") == ["nothing", {"fit": 1}]


def test_a_value_of_this_request_hides_the_one_of_the_session(store: Any) -> None:
    """Which is there again afterwards."""
    mcp = FastMCP("x", session_state_store=store)

    @mcp.tool
    async def hide(ctx: Context) -> int:
        await ctx.set_state("a", 1)
        await ctx.set_state("a", 2, serializable=False)
        return await ctx.get_state("a")

    @mcp.tool
    async def look(ctx: Context) -> int:
        return await ctx.get_state("a")

    assert called(mcp, "hide", "look") == [2, 1]


def test_a_request_sees_what_others_change_meanwhile(store: Any) -> None:
    """It may wait for another one of its session, also for a value that it has set itself."""
    mcp = FastMCP("x", session_state_store=store)
    waiting = asyncio.Event()

    @mcp.tool
    async def wait(ctx: Context) -> str:
        await ctx.set_state("approved", "not yet")
        while (answer := await ctx.get_state("approved")) == "not yet":
            waiting.set()
            await asyncio.sleep(0)
        return answer

    @mcp.tool
    async def approve(ctx: Context) -> None:
        await ctx.set_state("approved", "yes")

    async def use(client: Client) -> Any:
        call = asyncio.create_task(client.call_tool("wait"))
        await waiting.wait()
        await client.call_tool("approve")
        return (await call).data

    assert used(mcp, use) == "yes"


# Awaiting


def test_changes_and_readings_are_awaited_in_any_way(store: Any) -> None:
    """Gathered, in tasks, in time."""
    mcp = FastMCP("x", session_state_store=store)

    @mcp.tool
    async def use(ctx: Context) -> list[Any]:
        await asyncio.gather(ctx.set_state("a", {"x": 1}), ctx.set_state("b", [2]))
        task = asyncio.create_task(ctx.set_state("c", 3))  # type: ignore[arg-type]
        await task
        abandoned = asyncio.create_task(ctx.set_state("d", 4))  # type: ignore[arg-type]
        abandoned.cancel()
        async with asyncio.timeout(SECONDS):
            c = await ctx.get_state("c")
        return [*await asyncio.gather(ctx.get_state("a"), ctx.get_state("b")), c]

    @mcp.tool
    async def look(ctx: Context) -> list[Any]:
        return [await ctx.get_state(key) for key in "abcd"]

    assert called(mcp, "use", "look") == [[{"x": 1}, [2], 3], [{"x": 1}, [2], 3, 4]]


def test_a_handle_can_be_returned_set_and_copied() -> None:
    """It is the value where it counts."""
    import copy
    import pickle

    mcp = FastMCP("x")

    @mcp.tool
    async def put(ctx: Context) -> dict[str, Any]:
        ctx.set_state("a", {"x": [1]})
        handle = ctx.get_state("a")
        ctx.set_state("b", handle)
        copies = [copy.copy(handle), copy.deepcopy(handle), pickle.loads(pickle.dumps(handle))]
        assert [type(each) for each in copies] == [dict] * 3
        assert copies == [{"x": [1]}] * 3
        assert type(await ctx.get_state("b")) is dict
        return handle

    @mcp.tool
    async def nested(ctx: Context) -> dict[str, Any]:
        return {"a": ctx.get_state("a"), "b": ctx.get_state("b"), "c": ctx.get_state("c")}

    @mcp.tool
    async def text(ctx: Context) -> str:
        ctx.set_state("c", "text")
        return ctx.get_state("c")

    assert called(mcp, "put", "text", "nested") == [
        {"x": [1]},
        "text",
        {"a": {"x": [1]}, "b": {"x": [1]}, "c": "text"},
    ]


class Resource:
    """Something that is entered, called and iterated asynchronously."""

    async def __aenter__(self) -> str:
        return "entered"

    async def __aexit__(self, *_: object) -> None:
        pass

    def __enter__(self) -> str:
        return "entered, too"

    def __exit__(self, *_: object) -> None:
        pass

    async def __aiter__(self) -> Any:
        yield "item"

    def __call__(self, value: str) -> str:
        return value


def test_a_handle_is_entered_and_iterated_as_its_value() -> None:
    """With its context managers and its iteration, sync and async."""
    mcp = FastMCP("x")

    @mcp.tool
    async def use(ctx: Context) -> list[Any]:
        ctx.set_state("resource", Resource())
        handle = ctx.get_state("resource")
        seen: list[Any] = [handle("called")]
        async with handle as value:
            seen.append(value)
        with handle as value:
            seen.append(value)
        return [*seen, *[item async for item in handle]]

    assert called(mcp, "use") == [["called", "entered", "entered, too", "item"]]


@pytest.mark.parametrize(
    "wrong",
    [
        bool,
        str,
        len,
        list,
        lambda handle: handle == None,  # noqa: E711
        lambda handle: handle != 1,
        lambda handle: handle["a"],
        lambda handle: handle.name,
        lambda handle: handle(),
        lambda handle: handle + 1,
        lambda handle: 1 + handle,
        lambda handle: handle < 1,
        lambda handle: 1 in handle,
        lambda handle: f"{handle}",
    ],
)
def test_what_takes_time_to_read_says_that_it_has_to_be_awaited(wrong: Any) -> None:
    """A store that is asked asynchronously: using the value without await is an error."""
    mcp = FastMCP("x", session_state_store=MemoryStore())

    @mcp.tool
    async def use(ctx: Context) -> None:
        handle = ctx.get_state("a")
        with pytest.raises(RuntimeError, match=r"await ctx\.get_state\('a'\)"):
            wrong(handle)
        assert "not awaited" in repr(handle)
        return await handle

    assert called(mcp, "use") == [None]


def test_what_a_request_knows_already_needs_no_await(store: Any) -> None:
    """What it has set or read before, in any kind of store."""
    mcp = FastMCP("x", session_state_store=store)

    @mcp.tool
    async def put(ctx: Context) -> bool:
        ctx.set_state("a", 1)
        await ctx.set_state("b", 2)
        return ctx.get_state("a") == 1 and ctx.get_state("b") == 2

    @mcp.tool
    async def look(ctx: Context) -> bool:
        await ctx.get_state("a")
        return ctx.get_state("a") == 1

    assert called(mcp, "put", "look") == [True, True]


def test_a_function_on_the_loop_and_a_loop_of_its_own_can_use_state(store: Any) -> None:
    """A plain function that stays on the loop, and one that runs a loop in its thread."""
    mcp = FastMCP("x", session_state_store=store)

    @mcp.tool(run_in_thread=False)
    def on_the_loop(ctx: Context) -> bool:
        ctx.set_state("a", 1)
        return ctx.get_state("a") == 1

    @mcp.tool
    def own_loop(ctx: Context) -> list[Any]:
        async def work() -> Any:
            await ctx.set_state("b", 2)
            ctx.set_state("c", 3)
            return [await ctx.get_state("a"), await ctx.get_state("b")]

        return asyncio.run(work())

    @mcp.tool
    async def look(ctx: Context) -> list[Any]:
        return [await ctx.get_state(key) for key in "abc"]

    assert called(mcp, "on_the_loop", "own_loop", "look") == [True, [1, 2], [1, 2, 3]]


def test_a_plain_function_that_nobody_waits_for_is_stopped_by_its_state(store: Any) -> None:
    """After its timeout, the next use of the context raises."""
    mcp = FastMCP("x", session_state_store=store)
    timed_out, outcomes = threading.Event(), []
    ended = threading.Event()

    @mcp.tool(timeout=0.05)
    def slow(ctx: Context) -> None:
        timed_out.wait(SECONDS)
        for use in (lambda: ctx.get_state("a"), lambda: ctx.set_state("a", 1)):
            try:
                outcomes.append(use())
            except asyncio.CancelledError as error:
                outcomes.append(type(error))
        ended.set()

    async def use(client: Client) -> None:
        with pytest.raises(Exception, match="timed out"):
            await client.call_tool("slow")
        timed_out.set()
        assert await asyncio.to_thread(ended.wait, SECONDS)

    used(mcp, use)

    assert outcomes == [asyncio.CancelledError] * 2


# Whose it is


def test_the_same_session_name_of_another_caller_is_another_session(store: Any) -> None:
    """A name is no secret between callers who are authenticated."""
    mcp = notes(store)

    with http(mcp, stateless_http=True, middleware=knows_callers()) as client:
        named(client, "write", "s", "ada", note="hers")
        named(client, "write", "s", "bob", note="his")
        seen = [text_of(named(client, "read", "s", user)) for user in ("ada", "bob", "eve", None)]
        elsewhere = text_of(named(client, "read", "t", "ada"))

    assert seen == ["hers", "his", "nothing", "nothing"]
    assert elsewhere == "nothing"


def test_callers_who_cannot_be_told_apart_are_nobody() -> None:
    """A token without client and subject is no principal."""
    from fastmcp.server.auth.identity import principal_of

    class Token:
        def __init__(self, **members: Any) -> None:
            self.__dict__.update(members)

    assert principal_of(None) is principal_of(Token(claims={"iss": "i"})) is None
    assert principal_of(Token(client_id="c")) == '["c",null,null]'
    assert principal_of(Token(client_id="c", claims={"iss": "i", "sub": 7})) == '["c","i","7"]'
    assert principal_of(Token(client_id="c", subject="s", claims=None)) == '["c",null,"s"]'


def test_a_context_tells_who_the_caller_is() -> None:
    """Client, issuer and subject of its token; None without one."""
    mcp = FastMCP("x")

    @mcp.tool
    def whoami(ctx: Context) -> str:
        return ctx.principal or "nobody"

    with http(mcp, middleware=knows_callers()) as client:
        seen = [text_of(named(client, "whoami", "s", user)) for user in ("ada", None)]

    assert [json.loads(seen[0]), seen[1]] == [["app", "https://issuer.example", "ada"], "nobody"]


@pytest.mark.parametrize("name", ["", "a" * 129, "a\nb", 7, None])
def test_a_session_name_that_is_none_is_refused(name: Any) -> None:
    """It has 1 to 128 printable characters: what others send is -32602."""
    with http(notes(), stateless_http=True) as client:
        assert named(client, "read", name)["error"]["code"] == -32602
        assert named(client, "write", "ä" * 128, note="a")["result"]
        assert text_of(named(client, "read", "ä" * 128)) == "a"


def test_servers_share_sessions_when_they_share_a_store(store: Any) -> None:
    """And not otherwise, though a client calls its sessions the same."""
    from fastmcp.server.state import MemoryStateStore

    shared = store or MemoryStateStore()

    with (
        http(notes(shared), stateless_http=True) as one,
        http(notes(shared), stateless_http=True) as two,
        http(notes(), stateless_http=True) as alone,
    ):
        named(one, "write", "s", note="shared")
        seen = [text_of(named(client, "read", "s")) for client in (one, two, alone)]

    assert seen == ["shared", "shared", "nothing"]


def test_what_is_in_the_request_reaches_the_servers_that_take_part_in_it() -> None:
    """A server that is called in the middle of a request sees its objects and what is not stored
    yet; what is stored belongs to the servers with that store.
    """
    from fastmcp.server.state import MemoryStateStore

    def servers(outer_store: Any, inner_store: Any) -> FastMCP:
        inner = FastMCP("inner", session_state_store=inner_store)
        outer = FastMCP("outer", session_state_store=outer_store)

        @inner.tool
        async def look(ctx: Context) -> list[Any]:
            ctx.set_state("back", "from the inner")
            found = [await ctx.get_state(key) for key in ("object", "here", "later", "stored")]
            return [found[0] is object, *found[1:]]

        @outer.tool
        async def call(ctx: Context) -> list[Any]:
            ctx.set_state("object", object)
            await ctx.set_state("here", 1, serializable=False)
            ctx.set_state("later", 2)
            await ctx.set_state("stored", 3)
            found = await inner.call_tool("look")
            return [*found, await ctx.get_state("back")]

        return outer

    shared = MemoryStateStore()

    assert called(servers(None, None), "call") == [[True, 1, 2, None, "from the inner"]]
    assert called(servers(shared, shared), "call") == [[True, 1, 2, 3, "from the inner"]]


def test_state_is_that_of_the_client_in_a_nested_call(store: Any) -> None:
    """A tool that calls another one of its server shares the session with it."""
    mcp = notes(store)

    @mcp.tool
    async def both(ctx: Context) -> list[str]:
        await mcp.call_tool("write", {"note": "nested"})
        return [await ctx.get_state("note"), await mcp.call_tool("read")]

    assert called(mcp, "both", "read") == [["nested", "nested"], "nested"]


# What is stored, and for how long


class Recording(MemoryStore):
    """A store that notes what it is asked to keep."""

    def __init__(self) -> None:
        super().__init__()
        self.puts: list[tuple[str, Any, Any, Any]] = []

    async def put(self, key: str, value: Any, **options: Any) -> None:
        self.puts.append((key, value, options["collection"], options["ttl"]))
        await super().put(key, value, **options)


def test_a_store_learns_the_values_and_nothing_of_their_owners() -> None:
    """Its keys tell neither session, nor caller, nor name; values are kept for a day."""
    store = Recording()

    with http(notes(store), stateless_http=True, middleware=knows_callers()) as client:
        for session, user in [("secret-name", "ada"), ("secret-name", "bob"), ("other", "ada")]:
            named(client, "write", session, user, note="a")

    keys, values, collections, ttls = zip(*store.puts, strict=True)
    assert len(set(keys)) == 3
    assert all(len(key) == 64 and int(key, 16) for key in keys)
    assert "secret" not in str(values)
    assert (set(collections), set(ttls)) == ({"fastmcp_state"}, {86400})


@pytest.mark.parametrize("era", ["handshake", "modern"])
def test_a_request_that_stands_alone_stores_nothing(era: str) -> None:
    """Nobody could ever ask for it."""
    store = Recording()
    mcp = FastMCP("x", session_state_store=store)

    @mcp.tool
    async def put(ctx: Context) -> list[Any]:
        ctx.set_state("a", 1)
        await ctx.set_state("b", 2)
        await ctx.delete_state("c")
        return [await ctx.get_state("a"), await ctx.get_state("b"), await ctx.get_state("c")]

    with http(mcp, stateless_http=True) as client:
        send = client.modern if era == "modern" else client.post
        [answer] = messages(send(call("put")))

    assert json.loads(text_of(answer)) == [1, 2, None]
    assert store.puts == []


def test_a_request_that_needs_rounds_keeps_its_state_from_round_to_round(store: Any) -> None:
    """Also without a session: what was set before the question is there after the answer."""
    mcp = FastMCP("x", session_state_store=store)

    @mcp.tool
    async def ask(ctx: Context) -> list[Any]:
        found = [await ctx.get_state("unawaited"), await ctx.get_state("awaited")]
        ctx.set_state("unawaited", 1)
        await ctx.set_state("awaited", 2)
        answer = await ctx.elicit("A name?", str)
        return [*found, answer.data]

    able = {CAPABILITIES_KEY: {"elicitation": {}}}

    with http(mcp, stateless_http=True) as client:

        def round_of(**extra: Any) -> Any:
            message = request("tools/call", 1, name="ask", arguments={}, **extra)
            body = enveloped(message, **able)
            return messages(client.post(body, modern_headers(message)))[0]["result"]

        asked = round_of()
        answer = {"action": "accept", "content": {"value": "ada"}}
        responses = dict.fromkeys(asked["inputRequests"], answer)
        done = round_of(inputResponses=responses, requestState=asked["requestState"])

    assert done["structuredContent"] == {"result": [1, 2, "ada"]}


def test_a_session_is_forgotten_when_it_ends() -> None:
    """One of a handshake: when its client leaves, and when it is deleted."""
    from fastmcp.server.state import MemoryStateStore
    from fastmcp.server.state.session_state import STATE
    from fastmcp.server.state.store import Address

    store = MemoryStateStore()
    mcp = notes(store)

    async def kept(session: str) -> bytes | None:
        return await store.get(Address(STATE, session, None, "note"))

    async def use(client: Client) -> str:
        session = (await client.call_tool("write", {"note": "a"})).data
        assert await kept(session) == b'"a"'
        return session

    in_memory = used(mcp, use, mode="legacy")
    with http(mcp) as client:
        session = client.open()
        client.post(call("write", 1, note="b"), session)
        before = asyncio.run(kept(session["mcp-session-id"]))
        client.client.delete(client.url, headers=session)
        after = asyncio.run(kept(session["mcp-session-id"]))

    assert asyncio.run(kept(in_memory)) is None
    assert (before, after) == (b'"b"', None)


def test_a_store_that_fails_fails_who_waits_for_it(caplog: pytest.LogCaptureFixture) -> None:
    """What nobody waits for is logged, and the answer goes out."""

    class Broken(MemoryStore):
        async def put(self, *_: Any, **__: Any) -> None:
            raise OSError("the store is gone")

    mcp = FastMCP("x", session_state_store=Broken())

    @mcp.tool
    async def wait(ctx: Context) -> None:
        await ctx.set_state("a", 1)

    @mcp.tool
    def plain(ctx: Context) -> None:
        ctx.set_state("a", 1)

    @mcp.tool
    async def hurry(ctx: Context) -> str:
        ctx.set_state("a", 1)
        return "done"

    async def use(client: Client) -> Any:
        for tool in ("wait", "plain"):
            with pytest.raises(ToolError, match="the store is gone"):
                await client.call_tool(tool)
        return (await client.call_tool("hurry")).data

    with caplog.at_level(logging.ERROR):
        assert used(mcp, use) == "done"
    assert "The state 'a' was not stored" in caplog.text


def test_state_set_before_initialize_is_answered_is_there_later(store: Any) -> None:
    """Middleware of the handshake sets what tools read."""

    class Greets(Middleware):
        async def on_initialize(self, context: Any, call_next: Any) -> Any:
            context.fastmcp_context.set_state("greeted", context.message.client_info.name)
            return await call_next(context)

    mcp = FastMCP("x", middleware=[Greets()], session_state_store=store)

    @mcp.tool
    async def greeted(ctx: Context) -> str:
        return await ctx.get_state("greeted")

    async def use(client: Client) -> Any:
        return (await client.call_tool("greeted")).data

    assert used(mcp, use, mode="legacy", name="ada") == "ada"
