"""MultiServerClient: several servers by name, some of which may be down."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from apps import served
from left_behind import nothing_left
from processes import free_port, http_server

from fastmcp import Context, FastMCP
from fastmcp.client import AsyncMCPClient, MCPClient, MultiServerClient, ServerFailure
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import (
    ConfigurationError,
    ConnectFailed,
    Disconnected,
    NotFoundError,
    TimedOut,
    ToolError,
)
from fastmcp.resources import TextResource

SECONDS = 20
MUTE = StdioTransport(sys.executable, ["-c", "import time; time.sleep(600)"])


def server(name: str) -> FastMCP:
    mcp = FastMCP(name)

    @mcp.tool
    async def where() -> str:
        return name

    @mcp.tool
    async def thread() -> str:
        return threading.current_thread().name

    @mcp.tool
    def session(ctx: Context) -> str:
        return ctx.session_id

    return mcp


def north() -> FastMCP:
    mcp = server("north")

    @mcp.tool
    def only_north(value: int) -> int:
        if value < 0:
            raise ToolError("too cold")
        return value

    @mcp.resource("config/north")
    def config() -> str:
        return "cold"

    @mcp.prompt
    def ask(topic: str) -> str:
        return f"What is {topic}?"

    return mcp


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    with served(north().http_app()) as one, served(server("south").http_app()) as other:
        yield {"north": one, "south": other, "down": f"http://127.0.0.1:{free_port()}"}


def in_script(client: MultiServerClient, use: Callable[[Any], Any]) -> Any:
    with client:
        return use(client)


class Awaiting:
    """Lets the same test be written for async code: each call runs in one event loop."""

    def __init__(self, client: MultiServerClient, runner: asyncio.Runner) -> None:
        self._client = client
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            async def awaited() -> Any:
                async with asyncio.timeout(SECONDS):
                    return await getattr(self._client, name)(*args, **kwargs)

            return self._runner.run(awaited())

        return call


def in_async_code(client: MultiServerClient, use: Callable[[Any], Any]) -> Any:
    with asyncio.Runner() as runner:
        awaiting = Awaiting(client, runner)
        try:
            return use(awaiting)
        finally:
            awaiting.close()


@pytest.fixture(params=[in_script, in_async_code], ids=["script", "async"])
def used(request: pytest.FixtureRequest) -> Any:
    """How a client is used: with calls that block, and with calls that are awaited."""
    return request.param


def test_all_servers_say_what_they_offer(urls: dict[str, str], used: Any) -> None:
    """One that is down has its error in its place, and hides no other."""
    found = used(MultiServerClient(urls), lambda client: client.get_server_capabilities())

    assert list(found) == ["north", "south", "down"]
    assert found["north"]["info"]["name"] == "north"
    assert set(found["north"]["tools"]) == {"where", "thread", "session", "only_north"}
    assert (found["north"]["resources"], found["north"]["prompts"]) == (["config"], ["ask"])
    assert (found["south"]["resources"], found["south"]["prompts"]) == ([], [])
    assert isinstance(found["down"], ServerFailure)
    assert found["down"]["error"].startswith("Connection to ")
    assert found["down"]["type"] == "ConnectFailed"
    assert isinstance(found["down"].exception, ConnectFailed)
    assert json.dumps(found)


def test_lists_are_by_server(urls: dict[str, str], used: Any) -> None:
    """Tools, resources, templates and prompts, as dicts."""

    def use(client: Any) -> None:
        assert [tool["name"] for tool in client.list_tools()["south"]] == [
            "where",
            "thread",
            "session",
        ]
        assert client.list_resources()["north"][0]["uri"] == "resource://config/north"
        assert client.list_resource_templates()["north"] == []
        assert client.list_prompts()["north"][0]["name"] == "ask"
        assert "error" in client.list_prompts()["down"]

    used(MultiServerClient(urls), use)


def test_a_tool_of_one_server_is_called(urls: dict[str, str], used: Any) -> None:
    """By the server's name; what fails is raised."""

    def use(client: Any) -> None:
        for call in (client.call_tool, client.call_tool_on_server):
            assert [call(name, "where") for name in ("north", "south")] == ["north", "south"]
        assert client.call_tool("north", "only_north", {"value": 3}, timeout=10) == 3
        assert client.get_resource("north", "config/north") == "cold"
        prompt = client.get_prompt("north", "ask", {"topic": "snow"})
        assert prompt["messages"][0]["content"] == "What is snow?"
        with pytest.raises(ToolError, match="too cold"):
            client.call_tool("north", "only_north", {"value": -1})
        with pytest.raises(ConnectFailed):
            client.call_tool("down", "where")
        with pytest.raises(NotFoundError, match="'norht'; did you mean 'north'"):
            client.call_tool("norht", "where")
        with pytest.raises(NotFoundError, match="there are north, south, down"):
            client.call_tool("xyz", "where")

    used(MultiServerClient(urls), use)


def test_a_resource_and_a_prompt_of_one_server_are_asked_for_by_version(used: Any) -> None:
    """`read_resource` is `get_resource`, as of the client of one server, with its options."""
    mcp = FastMCP("north")
    for version in ("1", "2"):

        def ask(seen: str = version) -> str:
            return f"ask {seen}"

        sky = TextResource(uri="data://sky", text=f"sky {version}", version=version)
        mcp.add_resource(sky)
        mcp.prompt(ask, version=version)

    def use(client: Any) -> None:
        for read in (client.get_resource, client.read_resource):
            assert [read("north", "data://sky"), read("north", "data://sky", version="1")] == [
                "sky 2",
                "sky 1",
            ]
        prompt = client.get_prompt("north", "ask", version="1")
        assert prompt["messages"][0]["content"] == "ask 1"

    used(MultiServerClient({"north": mcp}), use)


def test_a_tool_is_found(urls: dict[str, str], used: Any, caplog: pytest.LogCaptureFixture) -> None:
    """With the servers that have it; who could not be asked is logged."""

    def use(client: Any) -> None:
        assert client.find_tool("where") == ["north", "south"]
        assert client.find_tool("only_north") == ["north"]
        assert client.find_tool("nowhere") == []

    with caplog.at_level(logging.WARNING, "fastmcp.client"):
        used(MultiServerClient(urls), use)

    assert "Server 'down' cannot be asked for its tools: Connection to" in caplog.text


def test_a_tool_is_called_everywhere(urls: dict[str, str], used: Any) -> None:
    """Errors of servers and of tools stand in the place of results."""

    def use(client: Any) -> None:
        everywhere = client.broadcast("where")
        assert (everywhere["north"], everywhere["south"]) == ("north", "south")
        assert "error" in everywhere["down"]
        answers = client.broadcast_tool_call("only_north", {"value": 1}, servers=["north", "south"])
        assert answers["north"] == 1
        assert isinstance(answers["south"].exception, ToolError)
        assert list(client.broadcast("where", servers=["south"])) == ["south"]
        with pytest.raises(NotFoundError):
            client.broadcast("where", servers=["nowhere"])

    used(MultiServerClient(urls), use)


def test_health_is_by_server(urls: dict[str, str], used: Any) -> None:
    """And how long each took."""
    health = used(MultiServerClient(urls), lambda client: client.health())

    assert [each["healthy"] for each in health.values()] == [True, True, False]
    assert health["north"]["error"] is None and 0 < health["north"]["seconds"] < SECONDS
    assert "Connection to" in health["down"]["error"]


def test_servers_are_asked_at_the_same_time(used: Any) -> None:
    """None waits for another; one that says nothing is given up after the timeout."""
    meeting = {"a": 0}
    both = threading.Barrier(2, timeout=SECONDS)

    def meet() -> bool:
        meeting["a"] += 1
        both.wait()
        return True

    servers: dict[str, Any] = {name: FastMCP(name) for name in ("one", "two")}
    for mcp in servers.values():
        mcp.tool(meet)
    slow = MultiServerClient({"mute": MUTE, **servers}, timeout=0.5, init_timeout=0.5)

    answers = used(slow, lambda client: client.broadcast("meet"))

    assert (answers["one"], answers["two"]) == (True, True)
    assert isinstance(answers["mute"].exception, TimedOut)


def test_a_call_goes_to_the_next_server_when_one_is_down(
    urls: dict[str, str], used: Any, log: Path, script: Any
) -> None:
    """In the order of the servers; also when it goes down later."""
    program = script("""
        import os
        from fastmcp import FastMCP

        mcp = FastMCP("first")
        mcp.tool(lambda: "first", name="where")
        mcp.run("http", port=int(os.environ["PORT"]), log_level="warning")
    """)

    def use(client: Any) -> None:
        assert client.call_tool_anywhere("only_north", {"value": 2}) == 2
        with http_server([program], log, port=port):
            client.list_tools()
            assert client.call_tool_anywhere("where") == "first"
        assert client.call_tool_anywhere("where") == "north"

    port = free_port()
    used(MultiServerClient({"first": f"http://127.0.0.1:{port}", **urls}), use)


def test_a_tool_that_fails_is_not_tried_elsewhere(used: Any) -> None:
    """It was carried out."""
    ran: list[str] = []

    def failing(name: str) -> FastMCP:
        mcp = FastMCP(name)

        @mcp.tool
        def f() -> str:
            ran.append(name)
            raise ToolError("broken")

        return mcp

    client = MultiServerClient({"a": failing("a"), "b": failing("b")})
    with pytest.raises(ToolError, match="broken"):
        used(client, lambda client: client.call_tool_anywhere("f"))

    assert ran == ["a"]


def test_a_call_that_can_be_made_nowhere_says_why(
    urls: dict[str, str], used: Any, log: Path, script: Any
) -> None:
    """No server has the tool, or none of those that do can be reached."""
    program = script("""
        import os
        from fastmcp import FastMCP

        mcp = FastMCP("alone")
        mcp.tool(lambda: 1, name="alone")
        mcp.run("http", port=int(os.environ["PORT"]), log_level="warning")
    """)
    port = free_port()

    def use(client: Any) -> None:
        with pytest.raises(NotFoundError, match=r"'were'; did you mean 'where'\? .*reached: down"):
            client.call_tool_anywhere("were")
        with http_server([program], log, port=port):
            assert client.find_tool("alone") == ["alone"]
        with pytest.raises(Disconnected, match=r"every server .* 'alone' failed: alone: Conn"):
            client.call_tool_anywhere("alone")

    used(MultiServerClient({**urls, "alone": f"http://127.0.0.1:{port}"}), use)


def test_servers_come_and_go(urls: dict[str, str], used: Any) -> None:
    """One that is removed is disconnected from."""
    client = MultiServerClient()
    assert client.list_servers() == []
    client.add_server("north", urls["north"])
    client.add_server("object", server("object"))
    with pytest.raises(ConfigurationError, match="'north' already"):
        client.add_server("north", urls["south"])

    def use(same: Any) -> None:
        assert same.call_tool("object", "where") == "object"
        same.remove_server("object")
        assert client.list_servers() == ["north"]
        with pytest.raises(NotFoundError):
            same.remove_server("object")
        assert same.find_tool("where") == ["north"]

    used(client, use)
    assert repr(client) == "MultiServerClient(north)"


def test_servers_are_given_in_every_way(urls: dict[str, str], tmp_path: Path) -> None:
    """URLs, entries, objects, transports, other configurations, files of them."""
    program = tmp_path / "child.py"
    program.write_text(
        "from fastmcp import FastMCP\nmcp = FastMCP('c')\n"
        "mcp.tool(lambda: 'child', name='where')\nmcp.run()\n"
    )
    entries = {
        "a": {"url": urls["north"], "headers": {"x": "y"}, "timeout": 20},
        "b": {"command": sys.executable, "args": [str(program)]},
        "off": {"url": urls["down"], "disabled": True},
    }
    file = tmp_path / "servers.json"
    file.write_text(json.dumps({"mcpServers": entries}))
    several: Any = {**entries, "c": server("object"), "d": {"mcpServers": {"a": entries["a"]}}}
    with MultiServerClient(several) as client:
        assert client.broadcast("where", servers=["a", "b", "c", "d"]) == {
            "a": "north",
            "b": "child",
            "c": "object",
            "d": "north",
        }
    for config in ({"mcpServers": entries}, {"servers": entries}, file, str(file)):
        with MultiServerClient(config) as client:
            assert client.broadcast("where") == {"a": "north", "b": "child"}


@pytest.mark.parametrize(
    ("servers", "named"),
    [
        ({"a": {"hedaers": {}, "url": "http://x"}}, "headers"),
        ({"a": {"comand": "python"}}, "server 'a'.*command"),
        ({"a": {}}, "server 'a'"),
        ({"a": 42}, "42"),
        ("no_such_file.json", "no_such_file.json"),
    ],
)
def test_what_is_no_server_is_refused_by_the_constructor(servers: Any, named: str) -> None:
    """With what is wrong, in one line."""
    with pytest.raises((ConfigurationError, ValueError), match=named) as caught:
        MultiServerClient(servers)

    assert "\n" not in str(caught.value)


def test_a_servers_own_timeout_goes_before_that_of_all(urls: dict[str, str]) -> None:
    """Seconds, or milliseconds from 1000 on."""
    slow = FastMCP("slow")

    @slow.tool
    async def nap() -> str:
        await asyncio.sleep(600)
        return ""

    with served(slow.http_app()) as url:
        entry = {"url": f"{url}/mcp", "timeout": 0.2}
        client = MultiServerClient({"slow": entry}, timeout=None)
        with client, pytest.raises(TimeoutError):
            client.call_tool("slow", "nap")


# Where it lives


def test_nothing_is_left_of_it(urls: dict[str, str]) -> None:
    """No thread, no socket, in scripts and in async code, however often it is opened."""
    client = MultiServerClient(urls)

    async def main() -> None:
        async with client:
            assert (await client.broadcast("where"))["south"] == "south"

    client.close()
    with nothing_left():
        for _ in range(2):
            with client:
                assert client.broadcast("where")["north"] == "north"
            asyncio.run(main())
            client.close_all()


def test_in_async_code_it_lives_in_the_loop_of_its_first_call() -> None:
    """So do servers that are objects; a plain function of theirs may use it from its thread."""
    inner, outer = server("inner"), FastMCP("outer")
    client = MultiServerClient({"inner": inner, "outer": outer})

    @outer.tool
    def ask() -> str:
        return client.call_tool("inner", "thread")

    async def main() -> None:
        name = threading.current_thread().name
        async with client:
            assert await client.call_tool("inner", "thread") == name
            assert await client.call_tool("outer", "ask") == name
            found = await asyncio.to_thread(client.find_tool, "ask")
            assert found == ["outer"]

    asyncio.run(asyncio.wait_for(main(), SECONDS))


def test_another_loop_waits_for_the_first_one(urls: dict[str, str]) -> None:
    """A client of a script is awaited in any loop, while its connections stay where they are."""
    client = MultiServerClient({"south": urls["south"]}, mode="legacy")

    async def awaited() -> Any:
        return await client.call_tool("south", "session")

    with client:
        sessions = {client.call_tool("south", "session"), asyncio.run(awaited())}
        sessions.add(asyncio.run(awaited()))

    assert len(sessions) == 1


def test_a_loop_that_has_ended_is_no_home_any_more(urls: dict[str, str]) -> None:
    """What was not closed there ended with it."""
    client = MultiServerClient(urls)

    async def awaited() -> Any:
        return await client.call_tool("south", "where")

    with nothing_left():
        assert asyncio.run(awaited()) == "south"
        assert asyncio.run(awaited()) == "south"
        assert client.call_tool("south", "where") == "south"
        client.close()


def test_a_loop_that_stands_still_cannot_be_waited_for(urls: dict[str, str]) -> None:
    """It is said, before anybody waits for ever."""
    client = MultiServerClient(urls)

    async def awaited() -> Any:
        return await client.call_tool("south", "where")

    async def closed() -> None:
        await client.close()

    with asyncio.Runner() as runner:
        runner.run(awaited())
        with pytest.raises(RuntimeError, match="stands still"):
            client.call_tool("south", "where")
        runner.run(closed())
        assert client.call_tool("south", "where") == "south"
        client.close()


def test_a_result_that_was_not_awaited_says_so(urls: dict[str, str]) -> None:
    """In async code a call gives nothing until it is awaited."""

    async def main() -> None:
        async with MultiServerClient(urls) as client:
            with pytest.raises(RuntimeError, match=r"await MultiServerClient.broadcast\("):
                client.broadcast("where")["north"]

    asyncio.run(main())


def test_a_client_that_is_lost_is_closed(urls: dict[str, str]) -> None:
    """Its thread ends, if no other client needs it."""
    with nothing_left():
        client = MultiServerClient(urls)
        assert client.broadcast("where")["south"] == "south"
        del client


def test_its_options_are_those_of_the_client(urls: dict[str, str]) -> None:
    """For every server; an unknown one is refused when a server is added."""
    with MultiServerClient(urls, mode="legacy", name="me") as client:
        info = client.get_server_capabilities()["north"]["info"]
        assert info["protocolVersion"] < "2026"
    for kind in (MultiServerClient, AsyncMCPClient, MCPClient):
        with pytest.raises(TypeError, match="tiemout"):
            kind({"a": urls["north"]}, tiemout=1)
