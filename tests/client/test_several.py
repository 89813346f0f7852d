"""One client for several servers: names, routes, what all of them hear, and failures of some."""

from __future__ import annotations

import asyncio
import logging
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import pytest
from apps import served
from left_behind import nothing_left
from pydantic import Field
from small_servers import old

from fastmcp import Client, Context, FastMCP
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.messages import MessageHandler
from fastmcp.client.transports.config import MCPConfigTransport
from fastmcp.exceptions import (
    ClientError,
    ConfigurationError,
    ConnectFailed,
    Disconnected,
    McpError,
    ToolError,
)
from fastmcp.server.dependencies import get_http_request
from fastmcp.types import PromptReference, ResourceTemplateReference

MODES = ["legacy", "2026-07-28"]
SERVER = """
    import os
    from fastmcp import FastMCP

    mcp = FastMCP("child")

    @mcp.tool
    def pid() -> int:
        return os.getpid()

    @mcp.tool
    def end() -> None:
        os._exit(3)

    mcp.run()
"""

NAPPING: list[str] = []
"""Servers that were asked for what takes forever."""


def town(name: str, **options: Any) -> FastMCP:
    """A server with something of every kind, which knows its name."""
    mcp = FastMCP(name, f"This is {name}", list_page_size=2, **options)

    @mcp.tool
    def greet(who: str) -> str:
        """Greet."""
        return f"{name} greets {who}"

    @mcp.tool
    async def talk(ctx: Context) -> str:
        await ctx.info(f"{name} speaks")
        await ctx.report_progress(1, 2, name)
        answer = await ctx.elicit(f"{name} asks", str)
        roots = await ctx.list_roots()
        return f"{answer.data} at {roots[0].uri}"  # type: ignore[union-attr]

    @mcp.tool
    async def nap() -> str:
        NAPPING.append(name)
        await asyncio.sleep(600)
        return "late"

    @mcp.tool
    async def grow(ctx: Context) -> None:
        mcp.tool(lambda: name, name="grown")

    @mcp.tool
    async def touch(ctx: Context) -> None:
        await ctx.session.send_resource_updated("data://map/old")  # type: ignore[attr-defined]

    @mcp.resource("data://map/old")
    def map_of() -> str:
        return f"map of {name}"

    @mcp.resource("street://{number}/{?side}")
    def street(number: str, side: str = "left") -> str:
        return f"street {number} of {name}"

    @mcp.prompt
    def ask(topic: str) -> str:
        return f"Ask {name} about {topic}"

    return mcp


class Towns:
    """Running servers, by the names of their configuration."""

    def __init__(self, **servers: FastMCP) -> None:
        self.servers = servers
        self._stack = ExitStack()
        self.config: dict[str, Any] = {"mcpServers": {}}

    def __enter__(self) -> Towns:
        for name, mcp in self.servers.items():
            base = self._stack.enter_context(served(mcp.http_app()))
            self.config["mcpServers"][name] = {"url": f"{base}/mcp"}
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


@pytest.fixture(scope="module")
def towns() -> Iterator[Towns]:
    """Two servers; the name of one begins with that of the other."""
    with Towns(rome=town("Rome"), rome_east=town("Byzantium")) as running:
        yield running


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


def used(target: Any, use: Callable[[Client], Any], **options: Any) -> Any:
    """Open a client, use it, close it; bounded in time."""

    async def main() -> Any:
        async with asyncio.timeout(40), Client(target, **options) as client:
            return await use(client)

    return asyncio.run(main())


def program(path: Path, text: str = SERVER) -> dict[str, Any]:
    """An entry that runs a program."""
    path.write_text(textwrap.dedent(text))
    return {"command": sys.executable, "args": [str(path)]}


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


# Names


def test_everything_is_listed_under_the_name_of_its_server(towns: Towns, mode: str) -> None:
    """All pages of all servers, named as FastMCP names them."""

    async def use(client: Client) -> None:
        names = ["greet", "talk", "nap", "grow", "touch"]
        tools = [tool.name for tool in await client.list_tools()]
        assert tools == [f"{town}_{name}" for town in ("rome", "rome_east") for name in names]
        assert [each.uri for each in await client.list_resources()] == [
            "data://rome/map/old",
            "data://rome_east/map/old",
        ]
        assert [each.uri_template for each in await client.list_resource_templates()] == [
            "street://rome/{number}/{?side}",
            "street://rome_east/{number}/{?side}",
        ]
        assert [each.name for each in await client.list_prompts()] == ["rome_ask", "rome_east_ask"]

    used(towns.config, use, mode=mode)


def test_what_is_asked_for_by_name_goes_to_its_server(towns: Towns, mode: str) -> None:
    """Without a list before; contents are under the URI that was asked for."""

    async def use(client: Client) -> None:
        for name, city in (("rome", "Rome"), ("rome_east", "Byzantium")):
            answer = await client.call_tool(f"{name}_greet", {"who": "me"})
            assert answer.data == f"{city} greets me"
            (content,) = await client.read_resource(f"data://{name}/map/old")
            assert (content.text, content.uri) == (f"map of {city}", f"data://{name}/map/old")
            (content,) = await client.read_resource(f"street://{name}/7/")
            assert (content.text, content.uri) == (f"street 7 of {city}", f"street://{name}/7/")
            prompt = await client.get_prompt(f"{name}_ask", {"topic": "rain"})
            assert prompt.messages[0].content.text == f"Ask {city} about rain"

    used(towns.config, use, mode=mode)


def test_an_unknown_name_is_answered_as_a_server_would(towns: Towns, mode: str) -> None:
    """By the name that was asked for, be its server known or not."""

    async def use(client: Client) -> None:
        for name in ("greet", "paris_greet", "rome_no", "rome_east_no", "rome"):
            with pytest.raises(ToolError, match=f"Unknown tool: '{name}'"):
                await client.call_tool(name)
            with pytest.raises(McpError, match=f"Unknown prompt: '{name}'"):
                await client.get_prompt(name)
        for uri in ("data://map/old", "data://paris/map", "data://rome/no", "no"):
            with pytest.raises(McpError, match=f"Resource not found: {uri}"):
                await client.read_resource(uri)
        result = await client.call_tool("paris_greet", raise_on_error=False)
        assert (result.is_error, result.text()) == (True, "Unknown tool: 'paris_greet'")

    used(towns.config, use, mode=mode)


def test_a_name_that_two_servers_may_mean_goes_to_the_one_that_lists_it() -> None:
    """Of `a` and `a_b`, `a_b_c` is a tool of whichever has it."""
    short, long = FastMCP("short"), FastMCP("long")
    short.tool(lambda: "short b_c", name="b_c")
    long.tool(lambda: "long d", name="d")

    async def use(client: Client) -> None:
        assert (await client.call_tool("a_b_c")).data == "short b_c"
        assert (await client.call_tool("a_b_d")).data == "long d"
        with pytest.raises(ToolError, match="Unknown tool: 'a_b_e'"):
            await client.call_tool("a_b_e")

    with Towns(a=short, a_b=long) as running:
        used(running.config, use)


def test_without_prefixes_the_first_server_that_has_a_name_has_it() -> None:
    """The others are reached by what only they have."""
    first, second = FastMCP("first"), FastMCP("second")
    for mcp in (first, second):
        mcp.tool(lambda name=mcp.name: name, name="who")
        mcp.resource("data://who", name="who")(lambda name=mcp.name: name)
        mcp.tool(lambda name=mcp.name: name, name=f"only_{mcp.name}")
        mcp.resource(f"{mcp.name}://{{x}}", name="x")(lambda x, name=mcp.name: f"{name} {x}")
        mcp.prompt(lambda name=mcp.name: name, name=f"ask_{mcp.name}")

    async def use(client: Client) -> None:
        assert (await client.call_tool("who")).data == "first"
        assert [tool.name for tool in await client.list_tools()] == [
            "who",
            "only_first",
            "only_second",
        ]
        assert (await client.call_tool("only_second")).data == "second"
        assert (await client.read_resource("data://who"))[0].text == "first"
        assert (await client.read_resource("second://1"))[0].text == "second 1"
        assert (await client.get_prompt("ask_second")).messages[0].content.text == "second"
        for name in ("only_third", "b_who"):
            with pytest.raises(ToolError, match=f"Unknown tool: '{name}'"):
                await client.call_tool(name)
        with pytest.raises(McpError, match="Resource not found: third://1"):
            await client.read_resource("third://1")

    with Towns(a=first, b=second) as running:
        used(MCPConfigTransport(running.config, name_as_prefix=False), use)


def test_a_uri_without_slashes_is_known_by_the_lists(mode: str) -> None:
    """There is no place for a prefix in it."""
    first, second = FastMCP("first"), FastMCP("second")
    second.resource("urn:isbn:1", name="book")(lambda: "book")

    async def use(client: Client) -> None:
        assert [each.uri for each in await client.list_resources()] == ["urn:isbn:1"]
        assert (await client.read_resource("urn:isbn:1"))[0].text == "book"

    with Towns(a=first, b=second) as running:
        used(running.config, use, mode=mode)


def test_arguments_are_completed_by_the_server_whose_they_are() -> None:
    """Of prompts by name, and of templates by URI."""
    towns = {"north": FastMCP("north"), "south": FastMCP("south")}
    for name, mcp in towns.items():

        @mcp.completion
        async def complete(ref: Any, argument: Any, context: Any, name: str = name) -> list[str]:
            return [f"{name} {argument.value}", getattr(ref, "name", None) or ref.uri]

        mcp.prompt(lambda topic: topic, name="ask")
        mcp.resource("street://{number}", name="street")(lambda number: number)

    async def use(client: Client) -> None:
        argument = {"name": "topic", "value": "x"}
        found = await client.complete(PromptReference(name="south_ask"), argument)
        assert found.values == ["south x", "ask"]
        template = ResourceTemplateReference(uri="street://north/{number}")
        found = await client.complete(template, {"name": "number", "value": "1"})
        assert found.values == ["north 1", "street://{number}"]
        with pytest.raises(McpError, match="needs a ref"):
            await client.request("completion/complete", {"argument": argument})

    with Towns(**towns) as running:
        used(running.config, use)


def test_lists_come_in_one_page(towns: Towns) -> None:
    """A cursor of nobody's is refused, and so is what is for one server."""

    async def use(client: Client) -> None:
        page = await client.list_tools_mcp()
        assert (len(page.tools), page.next_cursor) == (10, None)
        with pytest.raises(McpError, match="come in one page"):
            await client.list_tools_mcp("2")
        with pytest.raises(McpError, match="cannot be asked of several servers at once"):
            await client.request("server/discover")
        with pytest.raises(McpError, match="tools/call needs a name"):
            await client.request("tools/call")

    used(towns.config, use)


# What is said of them, and what they say


def test_the_servers_are_introduced_together(towns: Towns) -> None:
    """As FastMCP's router, with the instructions of each and what any of them offers."""

    async def use(client: Client) -> None:
        assert client.server_info.name == "MCPRouter"
        assert client.instructions == "rome: This is Rome\n\nrome_east: This is Byzantium"
        offered = client.server_capabilities
        assert offered.tools and offered.resources and offered.prompts
        assert client.protocol_version == "2026-07-28"
        assert client.is_connected()

    used(towns.config, use)


def test_each_server_is_spoken_to_in_its_own_revision(towns: Towns) -> None:
    """The client tells the oldest of them."""
    config = {name: dict(entry) for name, entry in towns.config["mcpServers"].items()}
    config["rome_east"]["mode"] = "2025-06-18"

    async def use(client: Client) -> None:
        assert client.protocol_version == "2025-06-18"
        assert (await client.call_tool("rome_greet", {"who": "x"})).data == "Rome greets x"
        assert (await client.call_tool("rome_east_greet", {"who": "x"})).data

    used(config, use)


def test_the_handlers_of_the_client_serve_all_servers(towns: Towns, mode: str) -> None:
    """Questions, roots, log messages and progress, of concurrent calls as well."""
    logged: list[Any] = []
    progress: list[str | None] = []

    async def elicit(message: str, *_: Any) -> Any:
        return ElicitResult(action="accept", content={"value": message})

    async def use(client: Client) -> None:
        await client.set_logging_level("info")
        answers = await asyncio.gather(
            client.call_tool("rome_talk"), client.call_tool("rome_east_talk")
        )
        assert [answer.data for answer in answers] == [
            "Rome asks at file:///tmp",
            "Byzantium asks at file:///tmp",
        ]
        await eventually(lambda: len(set(map(str, logged))) == 2 and len(set(progress)) == 2)
        await client.send_roots_list_changed()
        assert await client.ping() is True

    used(
        towns.config,
        use,
        mode=mode,
        elicitation_handler=elicit,
        roots=["file:///tmp"],
        log_handler=lambda message: logged.append(message.data),
        progress_handler=lambda step, total, message: progress.append(message),
    )

    assert set(progress) == {"Rome", "Byzantium"}


class Changes(MessageHandler):
    """Notes what has changed."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def on_tool_list_changed(self, message: Any) -> None:
        self.heard.append("tools")

    async def on_resource_updated(self, message: Any) -> None:
        self.heard.append(str(message.params.uri))


def test_changes_are_told_with_the_names_of_the_client(mode: str) -> None:
    """A watched resource by the URI under which it is watched."""
    handler = Changes()

    async def use(client: Client) -> None:
        await client.subscribe_resource("data://b/map/old")
        await client.call_tool("b_touch")
        await client.call_tool("a_touch")
        await eventually(lambda: "data://b/map/old" in handler.heard)
        await client.unsubscribe_resource("data://b/map/old")
        await client.call_tool("b_grow")
        await eventually(lambda: "tools" in handler.heard)
        assert (await client.call_tool("b_grown")).data == "B"
        with pytest.raises(McpError, match="Resource not found: data://c/x"):
            await client.subscribe_resource("data://c/x")

    with Towns(a=town("A"), b=town("B")) as running:
        used(running.config, use, mode=mode, message_handler=handler)

    assert handler.heard.count("data://b/map/old") == 1


def test_a_request_is_cancelled_unless_it_could_be_another_servers(towns: Towns) -> None:
    """The ids of requests are those of a server each."""

    async def use(client: Client) -> None:
        first = asyncio.create_task(client.call_tool("rome_nap"))
        second = asyncio.create_task(client.call_tool("rome_east_nap"))
        await eventually(lambda: len(NAPPING) == 2)
        with pytest.raises(ClientError, match="Several servers have a request 2"):
            await client.cancel(2)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        for id in range(10):
            await client.cancel(id, "enough")
        with pytest.raises(ClientError, match="enough"):
            await first

    used(towns.config, use)


# Failures


def test_a_server_that_cannot_be_reached_is_left_out_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With a warning, once; its own calls raise its error; it is there when it can be reached."""
    late = program(tmp_path / "late.py")
    (tmp_path / "late.py").unlink()
    config = {"good": program(tmp_path / "good.py"), "late": late}

    async def use(client: Client) -> None:
        for _ in range(2):
            assert [tool.name for tool in await client.list_tools()] == ["good_pid", "good_end"]
        assert await client.ping() is True
        with pytest.raises(Disconnected, match=r"Connection to .* failed: "):
            await client.call_tool("late_pid")
        assert caplog.text.count("The server 'late' is left out: Connection to ") == 1
        program(tmp_path / "late.py")
        names: list[str] = []
        async with asyncio.timeout(30):
            while "late_pid" not in names:
                await asyncio.sleep(0.05)
                names = [tool.name for tool in await client.list_tools()]
        assert (await client.call_tool("late_pid")).data > 0

    with nothing_left():
        used(config, use)


def test_none_that_can_be_reached_is_an_error_that_names_each() -> None:
    """And why."""
    config = {
        "one": {"command": "no-such-program"},
        "two": {"url": "http://127.0.0.1:9/mcp"},
    }

    async def main() -> None:
        client = Client(config)
        with pytest.raises(ConnectFailed) as caught:
            await client.__aenter__()
        text = str(caught.value)
        assert text.startswith("Connection to 2 servers failed: one: Connection to ")
        assert "no-such-program" in text
        assert "two: Connection to http://127.0.0.1:9/mcp failed: " in text
        assert not client.is_connected()
        with pytest.raises(RuntimeError, match="not connected"):
            await client.list_tools()

    with nothing_left():
        asyncio.run(main())


def test_a_server_that_dies_does_not_hide_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its tools vanish from the lists, with a warning, until it can be started again."""
    config = {"good": program(tmp_path / "good.py"), "bad": program(tmp_path / "bad.py")}

    async def use(client: Client) -> None:
        before = (await client.call_tool("good_pid")).data
        assert len(await client.list_tools()) == 4
        (tmp_path / "bad.py").unlink()
        with pytest.raises(Disconnected):
            await client.call_tool("bad_end")
        assert [tool.name for tool in await client.list_tools()] == ["good_pid", "good_end"]
        assert "The server 'bad' is left out of tools/list: " in caplog.text
        with pytest.raises(Disconnected, match=r"Connection to .* failed: "):
            await client.call_tool("bad_pid")
        assert (await client.call_tool("good_pid")).data == before
        program(tmp_path / "bad.py")
        assert (await client.call_tool("bad_pid")).data > 0

    with nothing_left():
        used(config, use)


def test_a_server_that_hangs_holds_the_others_up_for_its_own_timeout(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And not again for some time: lists are soon complete without it."""
    silent = program(tmp_path / "silent.py", old("time.sleep(600)"))
    config = {
        "good": program(tmp_path / "good.py"),
        "silent": {**silent, "timeout": 0.5, "mode": "legacy"},
    }

    async def use(client: Client) -> None:
        for _ in range(2):
            assert [tool.name for tool in await client.list_tools()] == ["good_pid", "good_end"]
        clock = asyncio.get_running_loop().time
        began = clock()
        for _ in range(20):
            await client.list_tools()
        assert clock() - began < 5

    used(config, use)

    assert "The server 'silent' is left out of tools/list: " in caplog.text


def test_a_server_without_a_kind_of_thing_is_no_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It says that it has no such method."""
    bare = {**program(tmp_path / "bare.py", old()), "mode": "legacy"}

    async def use(client: Client) -> None:
        assert len(await client.list_tools()) == 2
        assert await client.list_resources() == []
        assert await client.list_prompts() == []
        await client.set_logging_level("info")

    used({"good": program(tmp_path / "good.py"), "bare": bare}, use)

    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_lists_that_no_server_gives_are_an_error(tmp_path: Path) -> None:
    """An empty list would say that there is nothing."""
    broken = 'answer["error"] = {"code": -32603, "message": "out of order"}'
    entry = {**program(tmp_path / "broken.py", old(broken)), "mode": "legacy"}

    async def use(client: Client) -> None:
        with pytest.raises(McpError, match="out of order"):
            await client.list_tools()

    used({"a": entry, "b": entry}, use)


# Opening and closing


def test_a_client_is_entered_again_closed_and_used_in_another_loop(tmp_path: Path) -> None:
    """The servers live as long as its last user; a twin has connections of its own."""
    config = {"a": program(tmp_path / "a.py"), "b": program(tmp_path / "b.py")}
    client = Client(config)

    async def main() -> None:
        with pytest.raises(RuntimeError, match="not connected"):
            await client.call_tool("a_pid")
        async with client:
            first = (await client.call_tool("a_pid")).data
            async with client:
                assert (await client.call_tool("a_pid")).data == first
            assert (await client.call_tool("a_pid")).data == first
            async with client.new() as twin:
                assert (await twin.call_tool("a_pid")).data != first
        assert not client.is_connected()
        await client.__aenter__()
        assert (await client.call_tool("a_pid")).data != first
        await client.close()
        assert not client.is_connected()

    with nothing_left():
        for _ in range(2):
            asyncio.run(main())


def test_an_opening_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    """Neither the process that was ready nor the one that never was."""
    silent = program(tmp_path / "silent.py", "import time; time.sleep(600)")
    client = Client({"good": program(tmp_path / "good.py"), "silent": silent}, init_timeout=60)

    async def main() -> None:
        opening = asyncio.create_task(client.__aenter__())
        async with asyncio.timeout(20):
            while not client.is_connected():
                await asyncio.sleep(0.01)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert not client.is_connected()

    with nothing_left():
        asyncio.run(main())


def test_users_of_one_client_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Opened by many at once, one of whom gives up; each server is started once."""
    client = Client({"a": program(tmp_path / "a.py"), "b": program(tmp_path / "b.py")})

    async def user() -> Any:
        async with client:
            return (await client.call_tool("b_pid")).data

    async def main() -> None:
        async with asyncio.timeout(30):
            hasty = asyncio.create_task(user())
            others = [asyncio.create_task(user()) for _ in range(5)]
            await asyncio.sleep(0)
            hasty.cancel()
            pids = await asyncio.gather(*others)
            with pytest.raises(asyncio.CancelledError):
                await hasty
        assert len(set(pids)) == 1

    with nothing_left():
        asyncio.run(main())


def test_changes_of_an_entry_hold_among_several(towns: Towns) -> None:
    """Under the name of its server."""
    entries = towns.config["mcpServers"]
    tools = {"greet": {"name": "hail", "arguments": {"who": {"name": "whom"}}}}
    config = {"rome": {**entries["rome"], "tools": tools}, "east": entries["rome_east"]}

    async def use(client: Client) -> None:
        names = [tool.name for tool in await client.list_tools()]
        assert {"rome_hail", "east_greet"} <= set(names)
        assert "rome_greet" not in names
        answer = await client.call_tool("rome_hail", {"whom": "Caesar"})
        assert answer.data == "Rome greets Caesar"
        with pytest.raises(ToolError, match="Unknown tool: 'rome_greet'"):
            await client.call_tool("rome_greet", {"who": "Caesar"})
        with pytest.raises(ToolError, match=r"tool 'rome_hail': .*who: is not a parameter"):
            await client.call_tool("rome_hail", {"whom": "Caesar", "who": "x"})

    used(config, use)


def test_arguments_travel_in_headers_by_the_names_of_the_server() -> None:
    """A modern server refuses a call without them; they are learnt from its list, as it is."""
    mcp = FastMCP("headers")

    @mcp.tool
    def where(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]) -> str:
        return f"{region} {get_http_request().headers['mcp-param-region']}"

    tools = {"where": {"name": "at", "arguments": {"region": {"name": "place"}}}}

    async def use(client: Client) -> None:
        assert (await client.call_tool("a_where", {"region": "eu"})).data == "eu eu"
        assert (await client.call_tool("b_at", {"place": "us"})).data == "us us"

    with served(mcp.http_app()) as base:
        entry = {"url": f"{base}/mcp"}
        used({"a": entry, "b": {**entry, "tools": tools}}, use)


def test_there_is_no_channel_to_several_servers(towns: Towns) -> None:
    """Only a client speaks to them."""
    with pytest.raises(ConfigurationError, match="use it with Client"):
        MCPConfigTransport(towns.config).open()
