"""Providers of one's own: what is asked of them, and what becomes of those that fail."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import (
    AuthorizationError,
    ConfigurationError,
    McpError,
    NotFoundError,
    ToolError,
)
from fastmcp.prompts import Prompt
from fastmcp.resources import Resource, ResourceTemplate
from fastmcp.server.dependencies import get_context
from fastmcp.server.providers import AggregateProvider, LocalProvider, Provider
from fastmcp.server.transforms import Namespace, Transform, Visibility
from fastmcp.tools import Tool
from fastmcp.utilities.versions import VersionSpec


def tool(name: str, says: str = "", **options: Any) -> Tool:
    """A tool that says its name, or something else."""

    def function() -> str:
        return says or name

    return Tool.from_function(function, name=name, **options)


class Table(Provider):
    """A source that can find one row without reading all; it notes what it is asked."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = list(names)
        self.asked: list[str] = []

    async def _list_tools(self) -> Sequence[Tool]:
        self.asked.append("list")
        return [tool(name) for name in self.names]

    async def _get_tool(self, name: str, version: VersionSpec | None = None) -> Tool | None:
        self.asked.append(name)
        return tool(name) if name in self.names else None


async def test_a_call_asks_for_its_tool_and_lists_nothing() -> None:
    """Under a namespace by the name that the provider has, and not at all under another one."""
    table = Table("a", "b")
    mcp = FastMCP("x", providers=[table.wrap_transform(Namespace("t"))])
    mcp.add_tool(tool("own"))
    async with Client(mcp) as client:
        assert (await client.call_tool_mcp("t_b", {})).content[0].text == "b"
        assert (await client.call_tool_mcp("own", {})).content[0].text == "own"
        with pytest.raises(McpError):
            await client.call_tool_mcp("u_b", {})
        assert table.asked == ["b"]
        table.names.append("c")  # without telling anybody
        assert {each.name for each in await client.list_tools()} == {"own", "t_a", "t_b", "t_c"}


class Everything(Provider):
    """One of each kind, made anew at each question."""

    async def _list_tools(self) -> Sequence[Tool]:
        return [
            tool("shout"),
            tool("hidden", enabled=False),
            tool("v", version="1"),
            tool("v", version="2"),
        ]

    async def _list_resources(self) -> Sequence[Resource]:
        return [Resource.from_function(lambda: "fixed", "data://fixed", name="fixed")]

    async def _list_resource_templates(self) -> Sequence[ResourceTemplate]:
        def filled(key: str) -> str:
            return f"value of {key}"

        return [ResourceTemplate.from_function(filled, "data://row/{key}")]

    async def _list_prompts(self) -> Sequence[Prompt]:
        return [Prompt.from_function(lambda: "hello", name="greet")]


async def test_a_provider_that_only_lists_is_enough() -> None:
    """Everything that it lists can be used, in any version, and nothing that is hidden."""
    mcp = FastMCP("x")
    mcp.add_provider(Everything(), namespace="n")
    async with Client(mcp) as client:
        assert [each.name for each in await client.list_tools()] == ["n_shout", "n_v"]
        assert (await client.call_tool("n_v")).data == "v"
        assert (await client.call_tool("n_v", version="1")).data == "v"
        assert (await client.call_tool("n_v@2")).data == "v"
        for unknown in ("n_hidden", "n_v@3"):
            with pytest.raises((McpError, ToolError), match="Unknown tool"):
                await client.call_tool(unknown)
        assert (await client.read_resource("data://n/fixed"))[0].text == "fixed"
        assert (await client.read_resource("data://n/row/7"))[0].text == "value of 7"
        assert (await client.get_prompt("n_greet")).messages[0].content.text == "hello"
        assert len(await client.list_resource_templates()) == 1
        mcp.enable(names={"n_hidden"})
        assert (await client.call_tool("n_hidden")).data == "hidden"


async def test_a_provider_may_offer_each_caller_something_else() -> None:
    """It is asked within the request."""

    class PerSession(Provider):
        async def _list_tools(self) -> Sequence[Tool]:
            return [tool(f"for_{get_context().session_id}")]

    mcp = FastMCP("x", providers=[PerSession()])

    @mcp.tool
    def who() -> str:
        return get_context().session_id

    async with Client(mcp) as one, Client(mcp) as two:
        for client in (one, two):
            session = (await client.call_tool("who")).data
            assert f"for_{session}" in {each.name for each in await client.list_tools()}
            assert (await client.call_tool(f"for_{session}")).data == f"for_{session}"


class Reversing(Transform):
    """Names read backwards, by the methods that a transform of one's own overrides."""

    async def list_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        return [each.model_copy(update={"name": each.name[::-1]}) for each in tools]

    async def get_tool(
        self, name: str, call_next: Any, *, version: VersionSpec | None = None
    ) -> Tool | None:
        found = await call_next(name[::-1], version=version)
        return None if found is None else found.model_copy(update={"name": name})


async def test_transforms_of_ones_own_stand_among_the_others() -> None:
    """On the server as on a provider, around what is registered and around what is asked for."""
    mcp = FastMCP("x", providers=[Table("abc")])
    mcp.add_tool(tool("xyz"))
    mcp.add_transform(Namespace("n"))
    mcp.add_transform(Reversing())
    mcp.disable(names={"cba_n"})

    @mcp.resource("data://here")
    def here() -> str:
        return "here"

    async with Client(mcp) as client:
        assert [each.name for each in await client.list_tools()] == ["zyx_n"]
        assert (await client.call_tool("zyx_n")).data == "xyz"
        with pytest.raises((McpError, ToolError), match="Unknown tool"):
            await client.call_tool("cba_n")
        mcp.enable(names={"cba_n"})
        assert (await client.call_tool("cba_n")).data == "abc"
        assert (await client.read_resource("data://n/here"))[0].text == "here"


class Failing(Provider):
    """Raises, gives something else, or hangs, as long as it is told to."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.asked = 0
        self.free = asyncio.Event()

    async def _list_tools(self) -> Any:
        self.asked += 1
        if self.how == "raises":
            raise ConnectionError("nobody there")
        if self.how == "garbage":
            return [5, "tool"]
        if self.how == "hangs":
            await self.free.wait()
        return [tool("recovered")]


async def test_providers_that_fail_do_not_take_the_others_with_them(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of five, one is dead, one hangs and one gives garbage: the others list and answer, the
    failures are told of once, and each is used again when it works.
    """
    monkeypatch.setattr("fastmcp.server.providers.aggregate.GRACE", 0.2)
    monkeypatch.setattr("fastmcp.server.providers.guard.FIRST_GRACE", 0.2)
    monkeypatch.setattr("fastmcp.server.providers.guard.FIRST_REST", 0.05)
    monkeypatch.setattr("fastmcp.server.providers.guard.LONGEST_REST", 0.05)
    bad = [Failing("raises"), Failing("hangs"), Failing("garbage")]
    mcp = FastMCP("x", providers=[Table("a"), Table("b")])
    for number, each in enumerate(bad):
        mcp.add_provider(each, namespace=f"bad{number}")
    heard: list[str] = []

    async def note(message: Any) -> None:
        heard.append(message.method)

    async with Client(mcp, message_handler=note) as client:
        for _ in range(3):
            began = time.monotonic()
            assert [each.name for each in await client.list_tools()] == ["a", "b"]
            assert (await client.call_tool("b")).data == "b"
            assert time.monotonic() - began < 10
        assert set(mcp.failures.values()) == {
            "cannot list its tools: nobody there",
            "cannot list its tools: it gave 5 for a tool",
            "cannot list its tools: not done after 0.2 seconds",
        }
        warned = [each for each in caplog.records if each.levelno == logging.WARNING]
        assert len(warned) == 3
        with pytest.raises((McpError, ToolError), match="cannot be reached now"):
            await client.call_tool("bad0_recovered")
        for each in bad:
            each.how = "works"
            each.free.set()
        expected = ["a", "b", "bad0_recovered", "bad1_recovered", "bad2_recovered"]
        async with asyncio.timeout(20):
            while [each.name for each in await client.list_tools()] != expected:
                await asyncio.sleep(0.02)
        assert (await client.call_tool("bad1_recovered")).data == "recovered"
        assert not mcp.failures
        assert "notifications/tools/list_changed" in heard


async def test_what_a_provider_listed_last_stands_in_for_it_while_it_fails() -> None:
    """Its tools stay on the list, and can be called."""
    provider = Failing("works")
    mcp = FastMCP("x", providers=[provider])
    async with Client(mcp) as client:
        assert [each.name for each in await client.list_tools()] == ["recovered"]
        provider.how = "raises"
        for _ in range(5):
            assert [each.name for each in await client.list_tools()] == ["recovered"]
            assert (await client.call_tool("recovered")).data == "recovered"
        assert provider.asked == 2  # it rests after the first failure
        assert list(mcp.failures) == [provider]


async def test_failures_can_be_failures_of_the_whole() -> None:
    """With `provider_error_strategy="raise"`, here and on the server."""
    mcp = FastMCP("x", providers=[Failing("raises")], provider_error_strategy="raise")
    async with Client(mcp) as client:
        with pytest.raises(McpError, match="nobody there"):
            await client.list_tools()
    aggregate = AggregateProvider([Failing("raises")], provider_error_strategy="raise")
    with pytest.raises(ConnectionError):
        await aggregate.list_tools()
    with pytest.raises(ConfigurationError, match="provider_error_strategy"):
        AggregateProvider(provider_error_strategy="ignore")  # pyright: ignore


async def test_lifespans_of_providers_are_those_of_the_server() -> None:
    """Also of one that is added while the server runs."""
    events: list[str] = []

    class Open(Table):
        @asynccontextmanager
        async def lifespan(self) -> AsyncGenerator[None]:
            events.append(f"open {self.names}")
            yield
            events.append(f"close {self.names}")

    mcp = FastMCP("x", providers=[Open("a")])
    async with Client(mcp) as client:
        assert events == ["open ['a']"]
        mcp.add_provider(Open("b"), namespace="n")
        assert (await client.call_tool("n_b")).data == "b"
        assert events == ["open ['a']", "open ['b']"]
    assert sorted(events[2:]) == ["close ['a']", "close ['b']"]


async def test_a_provider_that_tells_of_a_change_is_heard_by_clients() -> None:
    """`changed` and `updated`, through transforms and mounts."""
    table = Table("a")
    inner = FastMCP("inner", providers=[table.wrap_transform(Namespace("t"))])
    mcp = FastMCP("x")
    mcp.mount(inner, "m")

    @inner.resource("data://watched")
    def watched() -> str:
        return ""

    heard: list[Any] = []

    async def note(message: Any) -> None:
        heard.append(getattr(message.params, "uri", None) or message.method)

    async with Client(mcp, message_handler=note) as client:
        await client.subscribe_resource("data://m/watched")
        table.changed("tools", "prompts")
        inner.notify_resource_updated("data://watched")
        async with asyncio.timeout(20):
            while len(heard) < 3:
                await asyncio.sleep(0.01)
        assert set(heard) == {
            "notifications/tools/list_changed",
            "notifications/prompts/list_changed",
            "data://m/watched",
        }


async def test_a_local_provider_serves_several_servers() -> None:
    """What is added or hidden there is so on all of them."""
    shared = LocalProvider()

    @shared.tool
    def greet(name: str) -> str:
        return f"Hello {name}"

    servers = [FastMCP(f"s{number}", providers=[shared]) for number in range(2)]
    shared.add_tool(tool("late"))
    for server in servers:
        assert await server.call_tool("greet", {"name": "you"}) == "Hello you"
        assert {each.name for each in await server.list_tools()} == {"greet", "late"}
    shared.disable(names={"late"})
    for server in servers:
        assert {each.name for each in await server.list_tools()} == {"greet"}
    shared.enable(names={"greet"}, only=True)
    shared.remove_tool("greet")
    for server in servers:
        assert await server.list_tools() == []


async def test_visibility_can_be_wrapped_around_a_provider() -> None:
    """The one that is wrapped stays as it is."""
    table = Table("a", "b")
    some = FastMCP("some", providers=[table.wrap_transform(Visibility(False, names={"a"}))])
    every = FastMCP("every", providers=[table])
    assert [each.name for each in await some.list_tools()] == ["b"]
    assert [each.name for each in await every.list_tools()] == ["a", "b"]
    assert await some.get_tool("a") is None


@pytest.mark.parametrize("thing", [5, "provider", Provider, FastMCP, object()])
def test_what_is_no_provider_is_refused(thing: Any) -> None:
    """By the constructor, by `add_provider` and by an aggregate."""
    for add in (
        lambda: FastMCP("x", providers=[thing]),
        lambda: FastMCP("x").add_provider(thing),
        lambda: AggregateProvider([thing]),
    ):
        with pytest.raises(ConfigurationError, match="no provider"):
            add()


def test_what_is_no_transform_is_refused() -> None:
    """A class is none either."""
    for thing in (5, Transform, Namespace, lambda tools: tools):
        with pytest.raises(ConfigurationError, match="no transform"):
            FastMCP("x").add_transform(thing)  # type: ignore[arg-type]


class Opened(Table):
    """Counts how often its lifespan is entered."""

    opened = 0

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        self.opened += 1
        yield


async def test_the_lifespan_of_a_provider_is_entered_once_however_deep_its_server_is() -> None:
    """Also when another server's function asks for what it has."""
    provider = Opened("abc")
    inner = FastMCP("inner", providers=[provider])
    outer = FastMCP("outer")
    outer.mount(inner, "n")
    other = FastMCP("other")

    @other.tool
    async def look() -> bool:
        return await inner.get_tool("abc") is not None

    async with Client(outer) as client, Client(other) as asking:
        await client.list_tools()
        assert (await client.call_tool("n_abc")).data == "abc"
        assert (await asking.call_tool("look")).data is True
    assert provider.opened == 1


async def test_sessions_that_list_at_the_same_time_each_get_their_own() -> None:
    """One does not get what a provider made for the other."""
    asked = 0
    both = asyncio.Event()

    class Slow(Provider):
        async def _list_tools(self) -> Sequence[Tool]:
            nonlocal asked
            asked += 1
            if asked == 2:
                both.set()
            await both.wait()
            return [tool(f"for_{get_context().session_id}")]

    mcp = FastMCP("x", providers=[Slow()])

    @mcp.tool
    def who() -> str:
        return get_context().session_id

    async with Client(mcp) as one, Client(mcp) as two:
        lists = asyncio.gather(one.list_tools(), two.list_tools())
        for client, listed in zip((one, two), await lists, strict=True):
            session = (await client.call_tool("who", {})).data
            assert [each.name for each in listed] == ["who", f"for_{session}"]


@pytest.mark.parametrize("error", [KeyError("nope"), NotFoundError("nope"), AuthorizationError()])
async def test_a_name_that_a_provider_does_not_know_is_no_failure(error: Exception) -> None:
    """However it says so: whoever asks for it cannot have the provider rest."""

    class Picky(Table):
        async def _get_tool(self, name: str, version: VersionSpec | None = None) -> Tool | None:
            if name != "abc":
                raise error
            return tool(name)

    mcp = FastMCP("x", providers=[Picky("abc")])
    async with Client(mcp) as client:
        with pytest.raises((McpError, ToolError), match=r"Unknown tool: 'other'$"):
            await client.call_tool("other")
        assert (await client.call_tool("abc")).data == "abc"
    assert not mcp.failures


async def test_a_uri_that_is_refused_is_no_failure_of_the_provider() -> None:
    """What it has can be read by the next request."""

    class Files(Provider):
        async def _list_resource_templates(self) -> Sequence[ResourceTemplate]:
            def read(path: str) -> str:
                return path

            return [ResourceTemplate.from_function(read, "data://files/{path*}")]

    mcp = FastMCP("x")
    mcp.mount(FastMCP("inner", providers=[Files()]), "n")
    async with Client(mcp) as client:
        with pytest.raises(McpError, match="not found"):
            await client.read_resource("data://n/files/../../etc/passwd")
        assert (await client.read_resource("data://n/files/a/b"))[0].text == "a/b"
    assert not mcp.failures


async def test_what_was_asked_at_the_same_time_fails_once() -> None:
    """The provider rests as long as after one failure."""
    provider = Failing("raises")
    mcp = FastMCP("x", providers=[provider])
    async with Client(mcp) as client:
        calls = (client.call_tool("a", raise_on_error=False) for _ in range(8))
        await asyncio.gather(*calls, return_exceptions=True)
        provider.how = "works"
        async with asyncio.timeout(5):
            while mcp.failures:
                await client.list_tools()
                await asyncio.sleep(0.02)


async def test_each_failure_is_raised_where_failures_are_to_be_raised() -> None:
    """The second as the first, of two providers that fail at the same time."""
    bad: list[Any] = [Failing("raises"), Failing("raises")]
    mcp = FastMCP("x", providers=bad, provider_error_strategy="raise")
    async with Client(mcp) as client:
        for _ in range(3):
            with pytest.raises(McpError, match="nobody there"):
                await client.list_tools()
            with pytest.raises((McpError, ToolError), match="nobody there"):
                await client.call_tool("a")
    gc.collect()


class Giving(Provider):
    """Gives what it was made with, for its tools."""

    def __init__(self, given: Any) -> None:
        super().__init__()
        self.given = given

    async def list_tools(self) -> Any:
        return self.given


@pytest.mark.parametrize(
    ("given", "names"),
    [(None, []), ([None], []), ([tool("a"), tool("a")], ["a"]), (iter([tool("a")]), ["a"])],
)
async def test_whatever_a_provider_gives_the_others_are_listed(given: Any, names: Any) -> None:
    """Also where it overrides the method that is asked."""
    mcp = FastMCP("x", providers=[Giving(given), Table("own")])
    async with Client(mcp) as client:
        assert [each.name for each in await client.list_tools()] == [*names, "own"]


async def test_a_generator_is_a_list() -> None:
    """Of `_list_tools`, too."""

    class Generating(Provider):
        async def _list_tools(self) -> Any:
            return (tool(name) for name in "ab")

    mcp = FastMCP("x", providers=[Generating()])
    async with Client(mcp) as client:
        assert [each.name for each in await client.list_tools()] == ["a", "b"]


async def test_the_version_that_is_listed_is_the_one_that_is_called() -> None:
    """Where the highest one is not registered, but has to be asked for."""

    class Newer(Provider):
        async def _list_tools(self) -> Sequence[Tool]:
            return [Tool.from_function(lambda: "newer", name="x", version="2")]

    mcp = FastMCP("x", providers=[Newer()])
    mcp.add_tool(Tool.from_function(lambda: "older", name="x", version="1"))
    async with Client(mcp) as client:
        assert [each.meta["fastmcp"]["version"] for each in await client.list_tools()] == ["2"]
        assert (await client.call_tool("x")).data == "newer"
        assert (await client.call_tool("x", version="1")).data == "older"
    assert await mcp.call_tool("x@1") == "older"


async def test_a_list_that_nobody_waits_for_ends_with_the_server() -> None:
    """Its client has cancelled it and is gone."""
    provider = Failing("hangs")
    ended = asyncio.Event()

    class Hanging(Provider):
        async def _list_tools(self) -> Any:
            try:
                await provider.free.wait()
            finally:
                ended.set()

    async with Client(FastMCP("x", providers=[Hanging()])) as client:
        listing = asyncio.ensure_future(client.list_tools())
        await asyncio.sleep(0.05)
        listing.cancel()
        await asyncio.wait([listing])
    async with asyncio.timeout(1):
        await ended.wait()


async def test_a_source_that_is_slow_at_first_is_waited_for_by_who_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The list goes on without it, for every kind; a call of its tool is answered all the same."""
    monkeypatch.setattr("fastmcp.server.providers.aggregate.GRACE", 0.1)
    monkeypatch.setattr("fastmcp.server.providers.guard.FIRST_GRACE", 0.1)
    slow = Failing("hangs")
    mcp = FastMCP("x", providers=[Table("own")])
    mcp.add_provider(slow, namespace="s")
    async with Client(mcp) as client:
        assert [each.name for each in await client.list_tools()] == ["own"]
        call = asyncio.create_task(client.call_tool("s_recovered"))
        assert [each.name for each in await client.list_tools()] == ["own"]
        slow.free.set()
        assert (await call).data == "recovered"
