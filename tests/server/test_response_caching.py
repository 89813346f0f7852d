"""Response caching: what was answered once is answered again, to whom it may be."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from apps import call, http, served
from callers import client_of, knows_callers
from conversation import ask
from reaching import Reach, used

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, ToolError
from fastmcp.server.middleware import Middleware
from fastmcp.server.middleware.caching import (
    CachableToolResult,
    CacheableToolResult,
    CallToolSettings,
    ListToolsSettings,
    ReadResourceSettings,
    ResponseCachingMiddleware,
)
from fastmcp.server.middleware.caching.bounded_memory import BoundedMemory
from fastmcp.testing import create_test_client
from fastmcp.tools import ToolResult


class Runs(dict[str, int]):
    """How often each function ran."""

    def count(self, name: str) -> int:
        self[name] = self.get(name, 0) + 1
        return self[name]


def server(caching: Middleware, **options: Any) -> tuple[FastMCP, Runs]:
    mcp, runs = FastMCP("x", middleware=[caching], **options), Runs()

    @mcp.tool
    def square(number: int) -> int:
        runs.count("square")
        return number * number

    @mcp.tool
    def blocks() -> Any:
        runs.count("blocks")
        return ToolResult(content=["a", {"b": 1}], meta={"com.e/m": 1})

    @mcp.tool
    def fails() -> str:
        runs.count("fails")
        raise ToolError("not today")

    @mcp.tool
    def says_it_failed() -> Any:
        runs.count("says_it_failed")
        return ToolResult(content="503", is_error=True)

    @mcp.tool(annotations={"readOnlyHint": False})
    def write() -> int:
        return runs.count("write")

    @mcp.resource("data://notes/{name}")
    def note(name: str) -> str:
        return f"{name} {runs.count(f'note {name}')}"

    @mcp.resource("data://picture", mime_type="image/png")
    def picture() -> bytes:
        runs.count("picture")
        return b"\x89PNG\xff"

    @mcp.prompt
    def greet(name: str) -> str:
        return f"{name} {runs.count('greet')}"

    return mcp, runs


def test_what_was_answered_is_answered_again(reach: Reach) -> None:
    """Calls, resources and prompts: the same, without running anything."""
    caching = ResponseCachingMiddleware()
    mcp, runs = server(caching)

    async def use(client: Client) -> Any:
        return [
            [
                (await client.call_tool("square", {"number": 3})).data,
                (await client.call_tool_mcp("blocks", {})).model_dump(),
                await client.read_resource("data://notes/a"),
                (await client.read_resource("data://picture"))[0].blob,
                (await client.get_prompt("greet", {"name": "Ada"})).messages,
                [tool.name for tool in await client.list_tools()],
                [resource.uri for resource in await client.list_resources()],
                [prompt.name for prompt in await client.list_prompts()],
            ]
            for _ in range(2)
        ]

    first, second = used(reach(mcp), use)

    assert first == second
    assert first[0] == 9
    assert runs == {"square": 1, "blocks": 1, "note a": 1, "picture": 1, "greet": 1}
    statistics = caching.statistics()
    assert statistics.call_tool is not None and statistics.list_tools is not None
    assert (statistics.call_tool.get.hit, statistics.call_tool.get.miss) == (2, 2)
    assert (statistics.call_tool.get.count, statistics.call_tool.put.count) == (4, 2)
    assert statistics.list_tools.get.hit >= 1


def test_other_arguments_and_versions_are_other_answers() -> None:
    """The order of arguments is of no matter; their values and types are."""
    mcp, seen = FastMCP("x", middleware=[ResponseCachingMiddleware()]), []

    @mcp.tool(version="1")
    def show(a: Any, b: Any = None) -> str:
        seen.append((a, b))
        return f"1 {a} {b}"

    @mcp.tool(name="show", version="2")
    def show_again(a: Any, b: Any = None) -> str:
        seen.append((a, b))
        return f"2 {a} {b}"

    async def use(client: Client) -> Any:
        given = [{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1, "b": "2"}, {"a": 1}, {"a": True}]
        answers = [(await client.call_tool("show", each)).data for each in given]
        older = await client.call_tool("show", {"a": 1, "b": 2}, version="1")
        return [*answers, older.data]

    answers = used(mcp, use)

    assert answers == ["2 1 2", "2 1 2", "2 1 2", "2 1 None", "2 True None", "1 1 2"]
    assert len(seen) == 5


def test_failures_and_what_changes_things_are_not_kept() -> None:
    """Nor is what says of itself that it is not read-only, unless it is included by name."""
    caching = ResponseCachingMiddleware(call_tool_settings={"excluded_tools": ["square"]})
    mcp, runs = server(caching)

    async def use(client: Client) -> None:
        for _ in range(2):
            for name in ("fails", "says_it_failed", "write"):
                await client.call_tool(name, raise_on_error=False)
            await client.call_tool("square", {"number": 1})

    used(mcp, use)

    assert runs == {"fails": 2, "says_it_failed": 2, "write": 2, "square": 2}

    mcp, runs = server(ResponseCachingMiddleware(call_tool_settings={"included_tools": ["write"]}))
    used(mcp, use)

    assert runs == {"fails": 2, "says_it_failed": 2, "write": 1, "square": 2}


def test_callers_are_told_apart() -> None:
    """Nobody is answered with what was made for other credentials, or for none."""
    caching = ResponseCachingMiddleware()
    mcp = FastMCP("x", middleware=[caching])

    @mcp.tool
    def who(ctx: Context) -> str:
        return str(ctx.user_info.get("sub"))

    @mcp.tool(auth=lambda context: context.token is not None)
    def hidden() -> str:
        return "hidden"

    async def answers(base: str, user: str | None) -> Any:
        async with client_of(base, user) as client:
            names = [tool.name for tool in await client.list_tools()]
            return (await client.call_tool("who")).data, names

    async def main(base: str) -> Any:
        return [await answers(base, user) for user in ("ada", "bob", None, "ada", None)]

    with served(mcp.http_app(middleware=knows_callers())) as base:
        first = asyncio.run(main(base))

    ada, bob, nobody = ("ada", ["who", "hidden"]), ("bob", ["who", "hidden"]), ("None", ["who"])
    assert first == [ada, bob, nobody, ada, nobody]
    assert caching.statistics().call_tool.get.hit == 2  # type: ignore[union-attr]


def test_identities_without_a_token_are_told_apart() -> None:
    """What a test client says of its user is enough."""
    mcp = FastMCP("x", middleware=[ResponseCachingMiddleware()])

    @mcp.tool
    def role(ctx: Context) -> str:
        return ctx.user_info["role"]

    roles = [
        create_test_client(mcp, user_info={"role": each}).call_tool("role")
        for each in ("admin", "guest", "admin")
    ]

    assert roles == ["admin", "guest", "admin"]


def test_an_answer_is_shared_where_that_is_said() -> None:
    """`shared` gives everybody the same."""
    settings = CallToolSettings(shared=True)
    mcp, runs = server(ResponseCachingMiddleware(call_tool_settings=settings))

    values = [
        create_test_client(mcp, user_info={"sub": user}).call_tool("square", {"number": 2})
        for user in ("ada", "bob")
    ]

    assert (values, runs["square"]) == ([4, 4], 1)


def test_a_check_that_fails_later_is_heeded() -> None:
    """What a tool's own `auth` refuses now is not answered from before."""
    allowed, mcp = [True], FastMCP("x", middleware=[ResponseCachingMiddleware()])

    @mcp.tool(auth=lambda context: allowed[0])
    def guarded() -> str:
        return "in"

    async def use(client: Client) -> Any:
        first = (await client.call_tool("guarded")).data
        allowed[0] = False
        with pytest.raises(Exception, match="Unknown tool"):
            await client.call_tool("guarded")
        return first

    assert used(mcp, use) == "in"


def test_a_session_that_sees_something_else_has_its_own_answers(reach: Reach) -> None:
    """Neither lists nor calls are taken from others, or given to them."""
    mcp = FastMCP("x", middleware=[ResponseCachingMiddleware()])

    @mcp.tool(tags={"secret"})
    def secret() -> str:
        return "secret"

    @mcp.tool
    async def unlock(ctx: Context) -> int:
        await ctx.enable_components(tags={"secret"})
        return 0

    mcp.disable(tags={"secret"})
    target = reach(mcp)

    async def names(client: Client) -> list[str]:
        return [tool.name for tool in await client.list_tools()]

    async def main() -> Any:
        async with Client(target, mode="legacy") as one, Client(target, mode="legacy") as other:
            before = await names(one)
            await one.call_tool("unlock")
            value = (await one.call_tool("secret")).data
            with pytest.raises(Exception, match="Unknown tool"):
                await other.call_tool("secret")
            return before, value, await names(one), await names(other)

    assert asyncio.run(main()) == (["unlock"], "secret", ["secret", "unlock"], ["unlock"])


def test_middleware_of_a_session_is_for_that_session() -> None:
    """What it makes of an answer is not given to others."""
    mcp, _ = server(ResponseCachingMiddleware())

    class Shouting(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            await call_next(context)
            return ToolResult(content="NINE")

    @mcp.tool
    def shout(ctx: Context) -> int:
        ctx.add_middleware(Shouting())
        return 0

    async def main() -> Any:
        async def square(client: Client) -> str:
            return (await client.call_tool_mcp("square", {"number": 3})).content[0].text

        async with Client(mcp, mode="legacy") as one, Client(mcp, mode="legacy") as other:
            await one.call_tool("shout")
            return await square(one), await square(other), await square(one), await square(other)

    assert asyncio.run(main()) == ("NINE", "9", "NINE", "9")


def test_changes_make_stale_what_they_concern(reach: Reach) -> None:
    """A list that changed is made anew, and so is a resource of which an update was told."""
    mcp, _ = server(ResponseCachingMiddleware())
    target = reach(mcp)

    @mcp.tool
    def replaced() -> int:
        return 1

    def two() -> int:
        return 2

    async def use(client: Client) -> Any:
        async def look() -> Any:
            return (
                "added" in [tool.name for tool in await client.list_tools()],
                (await client.call_tool("replaced")).data,
                (await client.read_resource("data://notes/a"))[0].text,
                (await client.read_resource("data://notes/b"))[0].text,
                (await client.get_prompt("greet", {"name": "Ada"})).messages[0].content.text,
            )

        first = await look(), await look()
        mcp.notify_resource_updated("data://notes/a")
        mcp.tool(lambda: 0, name="added")
        mcp.remove_tool("replaced")
        mcp.tool(two, name="replaced")
        return *first, await look(), await look()

    looks = used(target, use)

    before, after = (False, 1, "a 1", "b 1", "Ada 1"), (True, 2, "a 2", "b 1", "Ada 1")
    assert looks == (before, before, after, after)


def test_what_contains_a_changed_resource_is_stale() -> None:
    """An update below a resource concerns the resource."""
    mcp, counted = FastMCP("x", middleware=[ResponseCachingMiddleware()]), Runs()

    @mcp.resource("data://shelf")
    def shelf() -> str:
        return str(counted.count("shelf"))

    @mcp.resource("data://other")
    def other() -> str:
        return str(counted.count("other"))

    async def use(client: Client) -> Any:
        async def look() -> list[str]:
            uris = ("data://shelf", "data://other")
            return [(await client.read_resource(uri))[0].text for uri in uris]

        before = await look()
        mcp.notify_resource_updated("data://shelf/books/1")
        return before, await look()

    assert used(mcp, use) == (["1", "1"], ["2", "1"])


def test_concurrent_identical_calls_run_once(reach: Reach) -> None:
    """The others wait for the first one's answer; other arguments do not."""
    mcp, running = FastMCP("x", middleware=[ResponseCachingMiddleware()]), Runs()

    @mcp.tool
    async def slow(number: int) -> int:
        running.count("slow")
        await asyncio.sleep(0.2)
        return number

    async def use(client: Client) -> Any:
        calls = [client.call_tool("slow", {"number": n % 2}) for n in range(40)]
        return [each.data for each in await asyncio.gather(*calls)]

    assert used(reach(mcp), use) == [0, 1] * 20
    assert running == {"slow": 2}


def test_those_who_wait_outlive_the_first() -> None:
    """When the call that runs is cancelled another one runs; when it fails each sees for itself."""
    mcp, running = FastMCP("x", middleware=[ResponseCachingMiddleware()]), Runs()

    @mcp.tool
    async def slow(fails: bool) -> int:
        number = running.count("slow")
        await asyncio.sleep(0.1)
        if fails and number == 1:
            raise ToolError("the first fails")
        return number

    async def cancelled(client: Client) -> Any:
        first = asyncio.create_task(client.call_tool("slow", {"fails": False}))
        while not running:
            await asyncio.sleep(0.005)
        others = [asyncio.create_task(client.call_tool("slow", {"fails": False})) for _ in "abc"]
        await asyncio.sleep(0.01)
        first.cancel()
        return [each.data for each in await asyncio.gather(*others)]

    assert used(mcp, cancelled) == [2, 2, 2]

    running.clear()

    async def failing(client: Client) -> Any:
        calls = [client.call_tool("slow", {"fails": True}, raise_on_error=False) for _ in "abc"]
        return [each.is_error for each in await asyncio.gather(*calls)]

    assert sorted(used(mcp, failing)) == [False, False, True]


def test_a_call_may_call_itself() -> None:
    """What runs in a call does not wait for that call."""
    mcp, deep = FastMCP("x", middleware=[ResponseCachingMiddleware()]), Runs()

    @mcp.tool
    async def again() -> int:
        if deep.count("again") < 3:
            return await mcp.call_tool("again") + 1
        return 0

    async def use(client: Client) -> Any:
        return (await asyncio.wait_for(client.call_tool("again"), 10)).data

    assert used(mcp, use) == 2


def test_what_a_client_was_asked_for_is_its_own(mode: str) -> None:
    """A function that asked its user runs, and asks, for everybody."""
    mcp, asked = FastMCP("x", middleware=[ResponseCachingMiddleware()]), []

    @mcp.tool
    async def name(ctx: Context) -> str:
        answer = await ctx.elicit("Your name?", str)
        return f"{answer.data}"

    async def handler(message: str, *_: Any) -> Any:
        asked.append(message)
        return {"value": f"user {len(asked)}"}

    async def use(client: Client) -> Any:
        return [(await client.call_tool("name")).data for _ in range(2)]

    assert used(mcp, use, mode=mode, elicitation_handler=handler) == ["user 1", "user 2"]


@pytest.fixture(params=["legacy", "auto"])
def mode(request: pytest.FixtureRequest) -> str:
    """The era that the client speaks."""
    return request.param


def test_answers_end_with_their_time_and_leave_for_newer_ones() -> None:
    """The memory that is the default is bounded, and forgets by a clock."""
    now = [0.0]
    memory = BoundedMemory(max_entries=4, clock=lambda: now[0])
    caching = ResponseCachingMiddleware(memory, call_tool_settings={"ttl": 10})
    mcp, runs = server(caching)

    async def use(client: Client) -> Any:
        async def square(number: int) -> int:
            await client.call_tool("square", {"number": number})
            return runs["square"]

        counts = [await square(1), await square(1)]
        now[0] = 10.0
        counts += [await square(1), await square(1)]
        for number in range(2, 6):
            await square(number)
        return [*counts, await square(5), await square(1)]

    assert used(mcp, use) == [1, 1, 2, 2, 6, 7]


def test_large_answers_are_not_kept() -> None:
    """`max_item_size` is in bytes of JSON."""
    mcp, runs = server(ResponseCachingMiddleware(max_item_size=10))

    async def use(client: Client) -> None:
        for _ in range(2):
            await client.call_tool("square", {"number": 3})

    used(mcp, use)

    assert runs["square"] == 2


def test_other_processes_find_answers_in_a_store(tmp_path: Path) -> None:
    """Any store of py-key-value will do; what is listed by another server is the same, too."""
    from key_value.aio.stores.disk import DiskStore

    def one() -> tuple[Any, Runs]:
        store = DiskStore(directory=tmp_path / "cache")
        mcp, runs = server(ResponseCachingMiddleware(cache_storage=store))

        async def use(client: Client) -> Any:
            got = (
                (await client.call_tool("square", {"number": 3})).data,
                (await client.read_resource("data://picture"))[0].blob,
                [tool.model_dump() for tool in await client.list_tools()],
                [resource.model_dump() for resource in await client.list_resources()],
                [prompt.model_dump() for prompt in await client.list_prompts()],
            )
            await store.close()
            return got

        return used(mcp, use), runs

    (first, ran), (second, ran_again) = one(), one()

    assert first == second
    assert ran == {"square": 1, "picture": 1}
    assert ran_again == {}


def test_a_store_that_fails_is_done_without(caplog: pytest.LogCaptureFixture) -> None:
    """It is told once, and what a store has that cannot be read is made anew."""

    class Broken(BoundedMemory):
        async def get(self, key: str, *, collection: str | None = None) -> Any:
            raise ConnectionError("the store is gone")

    mcp, runs = server(ResponseCachingMiddleware(Broken()))

    async def use(client: Client) -> Any:
        return [(await client.call_tool("square", {"number": 3})).data for _ in range(3)]

    assert used(mcp, use) == [9, 9, 9]
    assert runs["square"] == 3
    assert sum("the store is gone" in record.message for record in caplog.records) == 1

    class Spoilt(BoundedMemory):
        async def put(self, key: str, value: Any, **options: Any) -> None:
            if "json" in value:
                value = {**value, "json": "{"}
            await super().put(key, value, **options)

    mcp, runs = server(ResponseCachingMiddleware(Spoilt()))

    assert used(mcp, use) == [9, 9, 9]
    assert runs["square"] == 3


def test_a_programs_own_list_has_all_versions() -> None:
    """What clients were shown is not what a program asks for, and the other way round."""
    mcp = FastMCP("x", middleware=[ResponseCachingMiddleware()])
    mcp.tool(lambda: 1, name="one", version="1")
    mcp.tool(lambda: 2, name="one", version="2")

    async def use(client: Client) -> Any:
        lists = [await client.list_tools(), await mcp.list_tools(), await client.list_tools()]
        return [len(each) for each in lists]

    assert used(mcp, use) == [1, 2, 1]


def test_a_server_may_run_twice() -> None:
    """In two event loops in turn, with the answers of the first."""
    mcp, runs = server(ResponseCachingMiddleware())

    async def use(client: Client) -> Any:
        return (await client.call_tool("square", {"number": 3})).data

    assert [used(mcp, use), used(mcp, use)] == [9, 9]
    assert runs["square"] == 1


def test_every_surface_is_answered_from_the_cache() -> None:
    """Over HTTP and REST, and in the program."""
    mcp, runs = server(ResponseCachingMiddleware())

    with http(mcp, rest=True) as client:
        over_mcp = client.post(call("square", number=4)).json()["result"]
        over_rest = client.client.post(f"{client.base}/tools/square", json={"number": 4}).json()
        own: Any = mcp.run_tool("square", {"number": 4})
        in_memory = ask(mcp, call("square", number=4))["result"]

    assert over_mcp["content"] == in_memory["content"] == [{"type": "text", "text": "16"}]
    assert over_rest == 16 or over_rest.get("result") == 16
    assert own.structured_content == {"result": 16}
    assert runs["square"] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"call_tool_settings": {"included": ["a"]}}, "included_tools"),
        ({"call_tool_settings": {"included_tools": "a"}}, r"\['a'\]"),
        ({"list_tools_settings": {"ttl": 0}}, "list_tools_settings: ttl"),
        ({"read_resource_settings": {"ttl": "1"}}, "read_resource_settings: ttl"),
        ({"max_item_size": 0}, "max_item_size must be positive"),
        ({"cache_storage": object()}, "cache_storage="),
    ],
)
def test_wrong_settings_are_refused(options: Any, said: str) -> None:
    """When the middleware is made, naming the setting."""
    with pytest.raises(ConfigurationError, match=said):
        ResponseCachingMiddleware(**options)


def test_the_documented_example_of_fastmcp_runs_unchanged() -> None:
    """Settings by method, and both spellings of the classes."""
    mcp, runs = server(
        ResponseCachingMiddleware(
            list_tools_settings=ListToolsSettings(ttl=30),
            call_tool_settings=CallToolSettings(included_tools=["square"]),
            read_resource_settings=ReadResourceSettings(enabled=False),
        )
    )

    async def use(client: Client) -> None:
        for _ in range(2):
            await client.call_tool("square", {"number": 2})
            await client.call_tool("blocks")
            await client.read_resource("data://notes/a")

    used(mcp, use)

    assert runs == {"square": 1, "blocks": 2, "note a": 2}
    assert CachableToolResult is CacheableToolResult
    result = ToolResult(content="a", structured_content={"a": 1}, meta={"m": 1})
    assert CachableToolResult.wrap(result).unwrap() == result
