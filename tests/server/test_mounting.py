"""Servers mounted on servers: names, what runs around a call, and what is alive of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Literal

import httpx2
import pytest
from apps import http, served

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import (
    ConfigurationError,
    InvalidSignature,
    McpError,
    NotFoundError,
    ToolError,
)
from fastmcp.resources import Resource
from fastmcp.server.middleware import Middleware
from fastmcp.server.middleware.tool_injection import PromptToolMiddleware
from fastmcp.server.providers import FastMCPProvider, LocalProvider, Provider
from fastmcp.server.transforms import Namespace, ToolTransform
from fastmcp.tools.tool_transform import ToolTransformConfig

ERAS: list[Any] = ["2025-11-25", "2026-07-28"]


def weather() -> FastMCP:
    """A server with one of each."""
    mcp = FastMCP("weather")

    @mcp.tool
    def forecast(city: str, days: int = 1) -> str:
        """What the weather will be."""
        return f"{city}: {days} sunny"

    @mcp.resource("data://cities")
    def cities() -> list[str]:
        return ["Bern", "Oslo"]

    @mcp.resource("data://cities/{city}/today{?unit}")
    def today(city: str, unit: str = "C") -> str:
        return f"{city} 20 {unit}"

    @mcp.resource("config/units")
    def units() -> str:
        return "C, F"

    @mcp.prompt
    def ask(city: str) -> str:
        return f"How is {city}?"

    return mcp


def nested(depth: int, inner: FastMCP | None = None) -> FastMCP:
    """A server mounted that deep, at each level in a namespace of its number."""
    server = inner or weather()
    for number in range(depth):
        outer = FastMCP(f"level{number}")
        outer.mount(server, f"n{number}")
        server = outer
    return server


async def test_a_mounted_server_offers_everything_in_its_namespace() -> None:
    """Names of tools and prompts, URIs of resources and templates, and plain names."""
    main = FastMCP("main")
    main.mount(weather(), "w")

    async with Client(main) as client:
        assert [each.name for each in await client.list_tools()] == ["w_forecast"]
        assert [each.name for each in await client.list_prompts()] == ["w_ask"]
        assert {each.uri for each in await client.list_resources()} == {
            "data://w/cities",
            "resource://w/config/units",
        }
        templates = await client.list_resource_templates()
        assert [each.uri_template for each in templates] == ["data://w/cities/{city}/today{?unit}"]

        assert (await client.call_tool("w_forecast", {"city": "Bern"})).data == "Bern: 1 sunny"
        assert (await client.read_resource("data://w/cities"))[0].text == '["Bern","Oslo"]'
        assert (await client.read_resource("data://w/cities/a%20b/today?unit=F"))[0].text == (
            "a b 20 F"
        )
        assert (await client.read_resource("w/config/units"))[0].text == "C, F"
        prompt = await client.get_prompt("w_ask", {"city": "Oslo"})
        assert prompt.messages[0].content.text == "How is Oslo?"


@pytest.mark.parametrize("name", ["forecast", "w_w_forecast", "wforecast", "w_"])
async def test_other_names_are_unknown(name: str) -> None:
    """Only the name in the namespace is one."""
    main = FastMCP("main")
    main.mount(weather(), "w")
    async with Client(main) as client:
        with pytest.raises((McpError, ToolError), match="Unknown tool"):
            await client.call_tool(name, {"city": "Bern"})


@pytest.mark.parametrize("depth", [1, 3, 10])
@pytest.mark.parametrize("era", ERAS)
async def test_servers_can_be_mounted_at_any_depth(depth: int, era: Any) -> None:
    """Each level puts its namespace before the name, and nothing else changes."""
    names = "_".join(f"n{number}" for number in reversed(range(depth)))
    path = names.replace("_", "/")
    async with Client(nested(depth), mode=era) as client:
        result = await client.call_tool(f"{names}_forecast", {"city": "Bern", "days": "3"})
        assert result.data == "Bern: 3 sunny"
        assert (await client.read_resource(f"data://{path}/cities/x/today"))[0].text == "x 20 C"
        assert [each.name for each in await client.list_tools()] == [f"{names}_forecast"]


async def test_without_a_namespace_names_stay_and_the_first_server_wins() -> None:
    """What the server has itself comes first, then what is mounted, in that order."""
    main, first, second = FastMCP("main"), FastMCP("first"), FastMCP("second")
    for server in (second, first, main):
        server.add_tool(lambda_tool := _named("who", server.name))
        assert lambda_tool.name == "who"
    first.add_tool(_named("only", "first"))
    second.add_tool(_named("only", "second"))
    main.mount(first)
    main.mount(second)
    async with Client(main) as client:
        assert (await client.call_tool("who")).data == "main"
        assert (await client.call_tool("only")).data == "first"
        assert [each.name for each in await client.list_tools()] == ["who", "only"]


def _named(name: str, says: str) -> Any:
    from fastmcp.tools import Tool

    def function() -> str:
        return says

    return Tool.from_function(function, name=name)


async def test_what_is_registered_later_is_there_at_once() -> None:
    """Mounting is live: tools that are added or removed, and servers mounted on the mounted one."""
    main, child = FastMCP("main"), weather()
    main.mount(child, "w")
    async with Client(main) as client:
        child.add_tool(_named("late", "here"))
        assert (await client.call_tool("w_late")).data == "here"
        child.remove_tool("late")
        with pytest.raises((McpError, ToolError), match="Unknown tool"):
            await client.call_tool("w_late")
        child.mount(nested(1), "deep")
        assert (await client.call_tool("w_deep_n0_forecast", {"city": "x"})).data == "x: 1 sunny"


@pytest.mark.parametrize("era", ERAS)
async def test_clients_hear_that_a_mounted_server_has_changed(era: Any) -> None:
    """A list at any depth, and the contents of a resource under the name that the client knows."""
    child = weather()
    main = nested(2, child)
    heard: list[str] = []

    async def note(message: Any) -> None:
        heard.append(getattr(message.params, "uri", None) or message.method)

    async with Client(main, message_handler=note, mode=era) as client:
        await client.subscribe_resource("data://n1/n0/cities")
        child.add_tool(_named("late", "here"))
        await _until(lambda: "notifications/tools/list_changed" in heard)
        child.notify_resource_updated("data://cities")
        await _until(lambda: "data://n1/n0/cities" in heard)


async def _until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


class Noting(Middleware):
    """Notes what passes, and by which name."""

    def __init__(self, who: str, seen: list[str]) -> None:
        self.who, self.seen = who, seen

    async def on_call_tool(self, context: Any, call_next: Any) -> Any:
        self.seen.append(
            f"{self.who} {context.message.name} {context.fastmcp_context.fastmcp.name}"
        )
        return await call_next(context)

    async def on_read_resource(self, context: Any, call_next: Any) -> Any:
        self.seen.append(f"{self.who} {context.message.uri}")
        return await call_next(context)

    async def on_get_prompt(self, context: Any, call_next: Any) -> Any:
        self.seen.append(f"{self.who} {context.message.name}")
        return await call_next(context)


async def test_middleware_of_every_level_runs_from_the_outside_to_the_inside() -> None:
    """Each sees the request by the names of its own server."""
    seen: list[str] = []
    child, between = weather(), FastMCP("between")
    main = FastMCP("main", middleware=[Noting("main", seen)])
    child.add_middleware(Noting("child", seen))
    between.mount(child, "c")
    main.mount(between, "b")
    async with Client(main) as client:
        await client.call_tool("b_c_forecast", {"city": "x"})
        await client.read_resource("data://b/c/cities")
        await client.read_resource("data://b/c/cities/x%2Fy/today?unit=K")
        await client.get_prompt("b_c_ask", {"city": "x"})
        assert seen == [
            "main b_c_forecast main",
            "child forecast weather",
            "main data://b/c/cities",
            "child data://cities",
            "main data://b/c/cities/x%2Fy/today?unit=K",
            "child data://cities/x%2Fy/today?unit=K",
            "main b_c_ask",
            "child ask",
        ]
        seen.clear()
        between.add_middleware(Noting("between", seen))
        await client.call_tool("b_c_forecast", {"city": "x"})
        assert seen == [
            "main b_c_forecast main",
            "between c_forecast between",
            "child forecast weather",
        ]


class HidesForecast(Middleware):
    """Leaves a tool out of the list."""

    async def on_list_tools(self, context: Any, call_next: Any) -> Any:
        return [tool for tool in await call_next(context) if tool.name != "forecast"]


async def test_middleware_of_a_mounted_server_changes_what_is_listed_of_it() -> None:
    """Lists pass through it; a tool that it adds can be called."""
    main, child = FastMCP("main"), weather()
    main.mount(nested(1, child), "m")
    child.add_middleware(HidesForecast())
    async with Client(main) as client:
        assert [each.name for each in await client.list_tools()] == []
        child.add_middleware(PromptToolMiddleware())
        assert {each.name for each in await client.list_tools()} == {
            "m_n0_list_prompts",
            "m_n0_get_prompt",
        }
        listed = await client.call_tool("m_n0_list_prompts")
        assert "ask" in listed.content[0].text


async def test_a_function_is_served_by_its_own_server_for_the_client_of_the_outer_one() -> None:
    """`ctx.fastmcp` is the mounted server; session, request and client are the client's."""
    child = FastMCP("child")

    @child.tool
    async def who(ctx: Context) -> dict[str, Any]:
        return {
            "server": ctx.fastmcp.name,
            "host": ctx.host.name,
            "session": ctx.session_id,
            "client": ctx.client_id,
        }

    @child.tool
    async def same(ctx: Context) -> bool:
        return (await ctx.read_resource("data://own")).contents[0].content == "own"

    @child.resource("data://own")
    def own() -> str:
        return "own"

    main = nested(2, child)

    @main.tool
    def session(ctx: Context) -> str:
        return ctx.session_id

    async with Client(main) as client:
        told = (await client.call_tool("n1_n0_who")).data
        assert (told["server"], told["host"]) == ("child", "level1")
        assert told["session"] == (await client.call_tool("session")).data
        assert (await client.call_tool("n1_n0_same")).data is True


async def test_state_of_a_session_is_shared_by_all_servers_of_a_tree() -> None:
    """What one function keeps, those of other servers find in the next request."""
    child = FastMCP("child")

    @child.tool
    async def read(ctx: Context) -> Any:
        return await ctx.get_state("key")

    main = nested(1, child)

    @main.tool
    async def keep(ctx: Context, value: int) -> None:
        await ctx.set_state("key", value)

    async with Client(main) as client:
        await client.call_tool("keep", {"value": 7})
        assert (await client.call_tool("n0_read")).data == "7"


@pytest.mark.parametrize("era", ERAS)
async def test_mounted_functions_reach_the_client(era: Any) -> None:
    """Questions, progress and log messages of a function two levels down."""
    child = FastMCP("child")

    @child.tool
    async def order(ctx: Context) -> str:
        await ctx.report_progress(1, 2, "half")
        await ctx.info("asking")
        answer = await ctx.elicit("Which?", Literal["tea", "coffee"])
        return f"{answer.action}: {answer.data}"

    progress: list[Any] = []
    logs: list[Any] = []

    async def on_progress(*given: Any) -> None:
        progress.append(given)

    async def on_log(message: Any) -> None:
        logs.append(message.data)

    async def choose(message: str, kind: Any, params: Any, context: Any) -> Any:
        return "tea"

    client = Client(
        nested(2, child),
        elicitation_handler=choose,
        progress_handler=on_progress,
        log_handler=on_log,
        mode=era,
    )
    async with client:
        await client.set_logging_level("info")
        assert (await client.call_tool("n1_n0_order")).data == "accept: tea"
    assert progress[0] == (1, 2, "half")
    assert logs


def noting_lifespan(name: str, events: list[str]) -> Any:
    """A lifespan that notes when it begins and ends, and yields its name."""

    @asynccontextmanager
    async def lifespan(server: FastMCP) -> AsyncGenerator[dict[str, str]]:
        events.append(f"{name} begins")
        yield {"who": name}
        events.append(f"{name} ends")

    return lifespan


async def test_lifespans_of_mounted_servers_are_open_inside_of_the_outer_one() -> None:
    """They begin once and end in reverse, and each function sees that of its own server."""
    events: list[str] = []
    main = FastMCP("main", lifespan=noting_lifespan("main", events))
    child = FastMCP("child", lifespan=noting_lifespan("child", events))

    @child.tool
    def who(ctx: Context) -> str:
        return ctx.lifespan_context["who"]

    main.mount(child, "a")
    main.mount(child, "b")
    async with Client(main) as client:
        assert (await client.call_tool("a_who")).data == "child"
        assert (await client.call_tool("b_who")).data == "child"
    assert events == ["main begins", "child begins", "child ends", "main ends"]


async def test_the_lifespan_of_a_server_that_is_mounted_later_begins_with_its_first_call() -> None:
    """And ends with the outer server."""
    events: list[str] = []
    main = FastMCP("main", lifespan=noting_lifespan("main", events))
    child = FastMCP("child", lifespan=noting_lifespan("child", events))

    @child.tool
    def who(ctx: Context) -> str:
        return ctx.lifespan_context["who"]

    async with Client(main) as client:
        main.mount(nested(1, child), "late")
        assert (await client.call_tool("late_n0_who")).data == "child"
    assert events == ["main begins", "child begins", "child ends", "main ends"]


async def test_lifespans_run_also_when_a_program_uses_the_server_without_a_client() -> None:
    """`call_tool` of the outer server opens what the function needs."""
    events: list[str] = []
    child = FastMCP("child", lifespan=noting_lifespan("child", events))

    @child.tool
    def who(ctx: Context) -> str:
        return ctx.lifespan_context["who"]

    main = nested(1, child)
    assert await main.call_tool("n0_who") == "child"
    tool = await main.get_tool("n0_who")
    assert tool is not None
    assert (await tool.run({})).content[0].text == "child"
    assert events == ["child begins", "child ends"] * 2


async def test_a_server_cannot_be_mounted_on_itself_however_deep() -> None:
    """Circles are refused with the names of both."""
    main = FastMCP("main")
    with pytest.raises(ConfigurationError, match="'main'"):
        main.mount(main, "self")
    outer = nested(3, main)
    with pytest.raises(ConfigurationError, match="cannot be added"):
        main.mount(outer, "circle")
    assert await main.list_tools() == []


@pytest.mark.parametrize("namespace", ["", None])
async def test_no_namespace_is_none(namespace: str | None) -> None:
    """An empty one leaves the names as they are."""
    main = FastMCP("main")
    main.mount(weather(), namespace)
    assert [tool.name for tool in await main.list_tools()] == ["forecast"]


@pytest.mark.parametrize("namespace", ["a b", "a/b", "ä", "x" * 65, "a://b", 5])
def test_a_namespace_that_is_no_part_of_names_is_refused(namespace: Any) -> None:
    """With the characters that it may have; nothing is mounted."""
    main = FastMCP("main")
    with pytest.raises(ConfigurationError, match="namespace"):
        main.mount(weather(), namespace)
    assert len(main.providers) == 1


@pytest.mark.parametrize("thing", ["http://x/mcp", 5, None, FastMCP, LocalProvider])
def test_only_servers_can_be_mounted(thing: Any) -> None:
    """Anything else is refused with what to do instead."""
    with pytest.raises(ConfigurationError, match="create_proxy"):
        FastMCP("main").mount(thing, "x")


async def test_tools_can_be_given_other_names() -> None:
    """The namespace is put before the new name, too."""
    main = FastMCP("main")
    main.mount(weather(), "w", tool_names={"forecast": "predict"})
    main.mount(weather(), tool_names={"forecast": "plain"})
    async with Client(main) as client:
        assert (await client.call_tool("w_predict", {"city": "x"})).data == "x: 1 sunny"
        assert (await client.call_tool("plain", {"city": "x"})).data == "x: 1 sunny"
        assert {each.name for each in await client.list_tools()} == {"w_predict", "plain"}


async def test_the_earlier_spellings_of_mount_work() -> None:
    """`prefix=`, and the namespace before the server; not both names of the namespace."""
    main = FastMCP("main")
    main.mount(weather(), prefix="a")
    main.mount("b", weather())  # pyright: ignore
    assert {tool.name for tool in await main.list_tools()} == {"a_forecast", "b_forecast"}
    with pytest.raises(ConfigurationError, match="prefix="):
        main.mount(weather(), "c", prefix="d")


async def test_a_copy_has_no_link_to_its_server() -> None:
    """`import_server` takes what there is; later changes and the lifespan have no part in it."""
    events: list[str] = []
    child = weather()
    main = FastMCP("main")
    await main.import_server(child, "w")
    await main.import_server(child)
    child.remove_tool("forecast")
    child.add_middleware(Noting("child", events))
    async with Client(main) as client:
        assert {each.name for each in await client.list_tools()} == {"w_forecast", "forecast"}
        assert (await client.call_tool("w_forecast", {"city": "x"})).data == "x: 1 sunny"
        assert (await client.read_resource("data://w/cities/x/today"))[0].text == "x 20 C"
        assert (await client.get_prompt("w_ask", {"city": "x"})).messages
    assert events == []


async def test_visibility_is_a_matter_of_each_level() -> None:
    """What the mounted server hides is not there; the outer one goes by its own names."""
    child = weather()
    child.add_tool(_named("secret", "s"))
    main = nested(1, child)
    child.disable(names={"secret"})
    assert {tool.name for tool in await main.list_tools()} == {"n0_forecast"}
    main.enable(names={"n0_secret"})
    assert {tool.name for tool in await main.list_tools()} == {"n0_forecast"}
    main.disable(names={"n0_forecast"})
    assert await main.list_tools() == []
    main.enable(names={"n0_forecast"})
    assert {tool.name for tool in await main.list_tools()} == {"n0_forecast"}


async def test_a_session_can_hide_and_show_what_is_mounted() -> None:
    """A mounted function goes by the names that its own server has."""
    child = weather()

    @child.tool
    async def hide(ctx: Context) -> None:
        await ctx.disable_components(names={"forecast"}, components={"tool"})

    main = nested(2, child)
    async with Client(main) as one, Client(main) as two:
        await one.call_tool("n1_n0_hide")
        assert [each.name for each in await one.list_tools()] == ["n1_n0_hide"]
        assert len(await two.list_tools()) == 2


async def test_versions_of_several_servers_are_versions_of_one_tool() -> None:
    """The highest is served, each can be asked for, and the list tells of all."""
    main, one, two = FastMCP("main"), FastMCP("one"), FastMCP("two")

    @one.tool(version="1.0")
    def add(a: int, b: int) -> int:
        return a + b

    @two.tool(name="add", version="2.0")
    def other(a: int, b: int) -> int:
        return -(a + b)

    main.mount(one, "m")
    main.mount(two, "m")
    async with Client(main) as client:
        assert (await client.call_tool("m_add", {"a": 1, "b": 2})).data == -3
        assert (await client.call_tool("m_add", {"a": 1, "b": 2}, version="1.0")).data == 3
        assert (await client.call_tool("m_add@1.0", {"a": 1, "b": 2})).data == 3
        (listed,) = await client.list_tools()
        assert listed.meta is not None
        assert listed.meta["fastmcp"]["versions"] == ["2.0", "1.0"]


async def test_a_checked_tool_stays_checked() -> None:
    """`auth=` of a mounted tool decides who sees it on the outer server."""
    child = FastMCP("child")

    @child.tool(auth=lambda context: False)
    def secret() -> str:
        return "s"

    async with Client(nested(2, child)) as client:
        assert await client.list_tools() == []
        with pytest.raises((McpError, ToolError), match="Unknown tool"):
            await client.call_tool("n1_n0_secret")


async def test_arguments_of_mounted_prompts_and_templates_are_completed() -> None:
    """By the completers of the server that they are of, or their listed values."""
    child = FastMCP("child")

    @child.prompt
    def ask(city: str, tone: Literal["kind", "curt"] = "kind") -> str:
        return city

    @child.resource("data://{city}")
    def data(city: str) -> str:
        return city

    @child.completion(prompt="ask", argument="city")
    def cities(value: str) -> list[str]:
        return [each for each in ("Bern", "Berlin", "Oslo") if each.startswith(value)]

    @child.completion(template="data://{city}", argument="city")
    def places(value: str) -> list[str]:
        return ["here"]

    async with Client(nested(2, child)) as client:
        assert client.initialize_result.capabilities.completions is not None
        ref = {"type": "ref/prompt", "name": "n1_n0_ask"}
        done = await client.complete(ref, {"name": "city", "value": "Be"})
        assert done.values == ["Bern", "Berlin"]
        done = await client.complete(ref, {"name": "tone", "value": "c"})
        assert done.values == ["curt"]
        template = {"type": "ref/resource", "uri": "data://n1/n0/{city}"}
        done = await client.complete(template, {"name": "city", "value": ""})
        assert done.values == ["here"]


async def test_errors_of_mounted_functions_are_told_as_their_own_server_would() -> None:
    """A server that masks details keeps them to itself on servers that do not."""
    for masked in (False, True):
        child = FastMCP("child", mask_error_details=masked)

        @child.tool
        def fail() -> None:
            raise RuntimeError("secret detail")

        @child.tool
        def refuse() -> None:
            raise ToolError("said aloud")

        @child.tool
        def typed(number: int) -> int:
            return number

        async with Client(nested(2, child)) as client:
            with pytest.raises(ToolError) as raised:
                await client.call_tool("n1_n0_fail")
            assert ("secret detail" in str(raised.value)) is not masked
            with pytest.raises(ToolError, match="said aloud"):
                await client.call_tool("n1_n0_refuse")
            with pytest.raises((ToolError, McpError), match="number"):
                await client.call_tool("n1_n0_typed", {"number": "x"})


async def test_a_call_that_is_cancelled_is_cancelled_inside() -> None:
    """The function of the mounted server is told."""
    child = FastMCP("child")
    began, cancelled = asyncio.Event(), asyncio.Event()

    @child.tool
    async def wait() -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with Client(nested(2, child)) as client:
        task = asyncio.create_task(client.call_tool("n1_n0_wait"))
        await began.wait()
        task.cancel()
        async with asyncio.timeout(20):
            await cancelled.wait()


def test_routes_of_mounted_servers_are_served_where_they_are() -> None:
    """Without the namespace, and those that are added later, too."""
    child = FastMCP("child")

    @child.custom_route("/status", methods=["GET"])
    def status() -> dict[str, bool]:
        return {"fine": True}

    main = nested(2, child)
    with http(main) as _, served(main.http_app()) as base:

        @child.custom_route("/late", methods=["GET"])
        def late() -> str:
            return "late"

        assert httpx2.get(f"{base}/status").json() == {"fine": True}
        assert httpx2.get(f"{base}/late").text == "late"


async def test_transforms_apply_in_the_order_in_which_they_were_added() -> None:
    """Those of a provider first, then those of the server, each on what the one before gave."""
    child = weather()
    main = FastMCP("main")
    provider = main.add_provider(child)
    provider.add_transform(Namespace("inner"))
    main.add_transform(Namespace("outer"))
    main.add_transform(ToolTransform({"outer_inner_forecast": ToolTransformConfig(name="final")}))
    async with Client(main) as client:
        assert [each.name for each in await client.list_tools()] == ["final"]
        assert (await client.call_tool("final", {"city": "x"})).data == "x: 1 sunny"
        uris = {each.uri for each in await client.list_resources()}
        assert "data://outer/inner/cities" in uris


async def test_a_provider_of_a_server_can_be_shared_under_several_names() -> None:
    """`wrap_transform` leaves the provider as it is."""
    shared = FastMCPProvider(weather())
    main = FastMCP(
        "main",
        providers=[shared.wrap_transform(Namespace("a")), shared],
        transforms=[Namespace("z")],
    )
    assert {tool.name for tool in await main.list_tools()} == {"z_a_forecast", "z_forecast"}


async def test_a_parent_that_is_gone_is_not_kept_by_what_was_mounted_on_it() -> None:
    """A server mounted on many short-lived ones does not grow."""
    import gc
    import weakref

    child = weather()
    parents = [nested(1, child) for _ in range(3)]
    for parent in parents:
        assert await parent.list_tools()
    gone = [weakref.ref(parent) for parent in parents]
    parents.clear()
    del parent
    gc.collect()
    child.add_tool(_named("late", "here"))
    assert [reference() for reference in gone] == [None, None, None]


async def test_get_and_not_found_are_those_of_the_outer_server() -> None:
    """`get_tool` gives the mounted tool by its outer name, and None for the inner one."""
    main = nested(1)
    tool = await main.get_tool("n0_forecast")
    assert tool is not None
    assert tool.name == "n0_forecast"
    assert await main.get_tool("forecast") is None
    with pytest.raises(NotFoundError):
        await main.call_tool("forecast", {"city": "x"})


async def test_a_change_in_a_thread_is_seen(caplog: pytest.LogCaptureFixture) -> None:
    """Components registered in another thread while the outer server is used."""
    child = FastMCP("child", on_duplicate="replace")
    main = nested(2, child)
    caplog.set_level(logging.ERROR)

    def register() -> None:
        for number in range(300):
            child.add_tool(_named(f"t{number}", str(number)))

    async with Client(main) as client:
        task = asyncio.create_task(asyncio.to_thread(register))
        while not task.done():
            await client.list_tools()
        await task
        assert len(await client.list_tools()) == 300
        assert (await client.call_tool("n1_n0_t299")).data == "299"
    assert not caplog.records


class Around(Middleware):
    """Stands around what is read, and changes nothing."""

    async def on_read_resource(self, context: Any, call_next: Any) -> Any:
        return await call_next(context)


@pytest.mark.parametrize("middleware", [[], [Around()]])
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("strict", ["outer", "middle", "inner"])
async def test_values_are_screened_as_the_strictest_server_does(
    middleware: list[Any], depth: int, strict: str
) -> None:
    """A server that screens nothing cannot undo what the one mounted on it refuses."""

    def settings(which: str) -> Any:
        return {} if which == strict else {"resource_security": None}

    files = FastMCP("files", middleware=middleware, **settings("inner"))

    @files.resource("data://files/{path*}")
    def read(path: str) -> str:
        return path

    @files.resource("data://index{?path}")
    def index(path: str = "") -> str:
        return path

    server, namespace = files, "n"
    if depth == 2 or strict == "middle":
        server = FastMCP("middle", **settings("middle"))
        server.mount(files, "m")
        namespace = "n/m"
    outer = FastMCP("outer", **settings("outer"))
    outer.mount(server, "n")
    async with Client(outer) as client:
        for uri in ("files/../../etc/passwd", "files/..%2f..%2fetc", "index?path=../etc"):
            with pytest.raises(McpError, match="not found"):
                await client.read_resource(f"data://{namespace}/{uri}")
        assert (await client.read_resource(f"data://{namespace}/files/a"))[0].text == "a"
        assert (await client.read_resource(f"data://{namespace}/index?path=a"))[0].text == "a"


@pytest.mark.parametrize("middleware", [[], [Around()]])
async def test_what_is_hidden_cannot_be_read_by_a_template_beside_it(middleware: Any) -> None:
    """The middleware of a mounted server does not lead around what its host hides."""
    inner = FastMCP("inner", middleware=middleware)

    @inner.resource("data://secret")
    def secret() -> str:
        return "secret"

    @inner.resource("data://{name}")
    def named(name: str) -> str:
        return f"template of {name}"

    mcp = FastMCP("x")
    mcp.mount(inner, "n")
    mcp.disable(names={"data://n/secret"})
    async with Client(mcp) as client:
        try:
            text = (await client.read_resource("data://n/secret"))[0].text
        except McpError as error:
            text = str(error)
        assert text in ("template of secret", "Resource not found: data://secret")
        assert (await client.read_resource("data://n/other"))[0].text == "template of other"


async def test_a_uri_without_a_place_for_a_namespace_is_found_as_it_is() -> None:
    """Also where it has to be asked for."""

    class Asked(Provider):
        async def _list_resources(self) -> Any:
            return [Resource.from_function(lambda: "thing", "urn:thing", name="thing")]

    mcp = FastMCP("x")
    mcp.mount(FastMCP("inner", providers=[Asked()]), "n")
    async with Client(mcp) as client:
        assert [each.uri for each in await client.list_resources()] == ["urn:thing"]
        assert (await client.read_resource("urn:thing"))[0].text == "thing"


async def test_names_for_tools_of_a_mounted_server_are_checked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What no tool can be called is refused; a tool that is not there is told of."""
    main = FastMCP("main")
    with pytest.raises(InvalidSignature, match="'bad name' cannot be called"):
        main.mount(weather(), tool_names={"forecast": "bad name"})
    assert len(main.providers) == 1

    main.mount(weather(), "w", tool_names={"forcast": "predict"})
    assert [tool.name for tool in await main.list_tools()] == ["w_forecast"]
    [record] = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert "'forcast'" in record.getMessage() and "'forecast'" in record.getMessage()


@pytest.mark.parametrize("thing", ["http://x/mcp", Client("http://x/mcp"), FastMCP])
def test_what_cannot_be_mounted_is_refused_with_the_import_of_what_can(thing: Any) -> None:
    """A URL and a client by a proxy; a class is to be made one of."""
    cure = r"FastMCP\(\.\.\.\)" if thing is FastMCP else "from fastmcp.server import create_proxy"
    with pytest.raises(ConfigurationError, match=cure):
        FastMCP("main").mount(thing)
