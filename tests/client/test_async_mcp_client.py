"""AsyncMCPClient: plain values, and a connection that takes care of itself."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import sys
import threading
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from apps import HANDSHAKE, served
from left_behind import children, nothing_left
from processes import free_port, http_server

from fastmcp import Client, Context, FastMCP
from fastmcp.client import AsyncMCPClient
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import (
    ClientError,
    ConnectFailed,
    Disconnected,
    McpError,
    TimedOut,
    ToolError,
)
from fastmcp.tools import ToolResult
from fastmcp.types import (
    AudioContent,
    BlobResourceContents,
    EmbeddedResource,
    ImageContent,
    PromptMessage,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from .scripted import ScriptedServer

SECONDS = 20
PICTURE = ImageContent(data=b64encode(b"\x89PNG").decode(), mime_type="image/png")
SOUND = AudioContent(data=b64encode(b"RIFF").decode(), mime_type="audio/wav")
LINK = ResourceLink(uri="file:///a", name="a")
MUTE = StdioTransport(sys.executable, ["-c", "import time; time.sleep(600)"])


def server() -> FastMCP:
    mcp = FastMCP("plain", "Ask nicely", version="3")

    @mcp.tool
    async def add(a: int, b: int = 1) -> int:
        """Add."""
        return a + b

    @mcp.tool
    async def session(ctx: Context) -> str:
        return ctx.session_id

    @mcp.tool
    async def work(ctx: Context) -> str:
        await ctx.report_progress(1, 2, "half")
        await ctx.info("working")
        return "done"

    @mcp.tool
    async def slow(ctx: Context) -> str:
        await ctx.report_progress(0)
        await asyncio.sleep(600)
        return "late"

    @mcp.tool
    def fail() -> str:
        raise ToolError("out of paper")

    @mcp.resource("config/database")
    def database() -> dict[str, Any]:
        """Where the data is."""
        return {"host": "db"}

    @mcp.resource("file:///logo.png", mime_type="image/png")
    def logo() -> bytes:
        return b"\x89PNG"

    @mcp.resource("users/{id}/name")
    def user(id: str) -> str:
        return f"user {id}"

    @mcp.prompt
    def ask(topic: str) -> list[Any]:
        """Ask about something."""
        return [f"What is {topic}?", PromptMessage(role="assistant", content=PICTURE)]

    @mcp.completion
    def topics(reference: Any, argument: Any, context: Any) -> list[str]:
        return [topic for topic in ("tea", "toast") if topic.startswith(argument.value)]

    return mcp


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(server().http_app()) as base:
        yield f"{base}/mcp"


def used(target: Any, use: Callable[[AsyncMCPClient], Awaitable[Any]], **options: Any) -> Any:
    """What `use` gives, within bounds, in a loop that is left clean."""

    async def main() -> Any:
        async with asyncio.timeout(SECONDS), AsyncMCPClient(target, **options) as client:
            return await use(client)

    return asyncio.run(main())


# Values


TEXT = TextContent(text="tea")
RESULTS = [
    (3, 3),
    ("tea", "tea"),
    (None, None),
    ([1, "two"], [1, "two"]),
    ([], []),
    ({"a": [1]}, {"a": [1]}),
    ({"result": 1}, {"result": 1}),
    ({"result": 1, "more": 2}, {"result": 1, "more": 2}),
    (ToolResult(content=[TEXT, TEXT]), ["tea", "tea"]),
    (ToolResult(content=[]), None),
    (ToolResult(content=[PICTURE]), b"\x89PNG"),
    (ToolResult(content=[SOUND, TEXT]), [b"RIFF", "tea"]),
    (
        ToolResult(content=[LINK]),
        {"type": "resource_link", "uri": "file:///a", "name": "a"},
    ),
    (
        ToolResult(
            content=[
                EmbeddedResource(resource=TextResourceContents(uri="a://b", text="b")),
                EmbeddedResource(
                    resource=BlobResourceContents(uri="a://c", blob=b64encode(b"c").decode())
                ),
            ]
        ),
        ["b", b"c"],
    ),
]


@pytest.mark.parametrize(("returned", "value"), RESULTS)
def test_a_call_gives_what_the_tool_returned(returned: Any, value: Any) -> None:
    """Data as JSON has it; without data, what the content holds."""
    mcp = FastMCP("x")

    def f() -> Any:
        return returned

    f.__annotations__["return"] = type(returned)
    mcp.tool(f)

    assert used(mcp, lambda client: client.call_tool("f")) == value


OTHERS = [
    ({"structuredContent": {"result": 3}, "content": [{"type": "text", "text": "3"}]}, 3),
    ({"structuredContent": {"result": []}, "content": []}, []),
    (
        {
            "structuredContent": {"result": 3},
            "content": [{"type": "text", "text": '{ "result": 3 }'}],
        },
        {"result": 3},
    ),
    ({"structuredContent": 4, "content": [{"type": "text", "text": "4"}]}, 4),
    ({"structuredContent": None, "content": [{"type": "text", "text": "null"}]}, None),
    ({"content": [{"type": "hologram", "depth": 3}]}, {"type": "hologram", "depth": 3}),
]


@pytest.mark.parametrize(("result", "value"), OTHERS)
def test_servers_of_others_give_values_too(result: Any, value: Any) -> None:
    """Those of the official SDK wrap a number in an object, and do not say so."""

    async def serve(message: Any) -> Any:
        return result

    assert used(ScriptedServer(serve), lambda client: client.call_tool("f")) == value


@pytest.mark.parametrize(
    ("tool", "text"), [("fail", "^out of paper$"), ("nope", "nope"), ("add", "a")]
)
def test_a_call_that_fails_raises_the_servers_text(url: str, tool: str, text: str) -> None:
    """Whether the tool failed, is not there, or cannot take these arguments."""
    with pytest.raises(ToolError, match=text):
        used(url, lambda client: client.call_tool(tool))


def test_a_call_that_takes_too_long_is_a_timeout(url: str) -> None:
    """Which is no failure of the tool."""
    with pytest.raises(TimeoutError) as caught:
        used(url, lambda client: client.call_tool("slow", timeout=0.1))

    assert isinstance(caught.value, TimedOut) and not isinstance(caught.value, ToolError)


def test_lists_are_dicts_as_the_protocol_has_them(url: str) -> None:
    """A description is always there, be it empty."""

    async def use(client: AsyncMCPClient) -> Any:
        return (
            await client.list_tools(),
            await client.list_resources(),
            await client.list_resource_templates(),
            await client.list_prompts(),
        )

    tools, resources, [template], [prompt] = used(url, use)

    assert json.dumps([tools, resources, template, prompt])
    by_name = {tool["name"]: tool for tool in tools}
    assert by_name["add"]["description"] == "Add." and by_name["fail"]["description"] == ""
    assert by_name["add"]["inputSchema"]["required"] == ["a"]
    assert [(each["uri"], each["name"], each["mimeType"]) for each in resources] == [
        ("resource://config/database", "database", "text/plain"),
        ("file:///logo.png", "logo", "image/png"),
    ]
    assert template["uriTemplate"] == "resource://users/{id}/name"
    assert prompt["arguments"] == [{"name": "topic", "required": True}]


@pytest.mark.parametrize(
    ("uri", "value"),
    [
        ("config/database", '{"host":"db"}'),
        ("resource://config/database", '{"host":"db"}'),
        ("users/7/name", "user 7"),
        ("file:///logo.png", b"\x89PNG"),
    ],
)
def test_a_resource_is_its_text_or_its_bytes(url: str, uri: str, value: Any) -> None:
    """By its URI, or by the name that it was given."""
    assert used(url, lambda client: client.get_resource(uri)) == value


def test_several_contents_are_a_list() -> None:
    """In the server's order."""

    async def serve(message: Any) -> Any:
        return {"contents": [{"uri": "a://1", "text": "one"}, {"uri": "a://2", "blob": "dHdv"}]}

    assert used(ScriptedServer(serve), lambda client: client.read_resource("a://all")) == [
        "one",
        b"two",
    ]


def test_a_name_is_tried_as_it_is_where_the_other_form_is_unknown() -> None:
    """Servers of others may list relative URIs; an error is that of the first form."""

    async def serve(message: Any) -> Any:
        if message["params"]["uri"] != "config/database":
            raise McpError(code=-32002, message=f"unknown: {message['params']['uri']}")
        return {"contents": [{"uri": "config/database", "text": "found"}]}

    async def use(client: AsyncMCPClient) -> str:
        with pytest.raises(McpError, match="unknown: resource://config/other"):
            await client.get_resource("config/other")
        with pytest.raises(McpError, match="unknown: a://b"):
            await client.get_resource("a://b")
        return await client.get_resource("config/database")

    assert used(ScriptedServer(serve), use) == "found"


def test_a_prompt_is_messages_for_a_model(url: str) -> None:
    """Text as it is; anything else with its kind."""
    prompt = used(url, lambda client: client.get_prompt("ask", {"topic": "tea"}))

    assert prompt == {
        "description": "Ask about something.",
        "messages": [
            {"role": "user", "content": "What is tea?"},
            {"role": "assistant", "content": PICTURE.model_dump(exclude_none=True)},
        ],
    }


def test_completions_are_their_values(url: str) -> None:
    """For a reference that is a plain dict."""
    reference = {"type": "ref/prompt", "name": "ask"}
    argument = {"name": "topic", "value": "to"}

    assert used(url, lambda client: client.complete(reference, argument)) == ["toast"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_server_describes_itself(url: str, mode: str) -> None:
    """In one dict, in either era."""

    async def use(client: AsyncMCPClient) -> Any:
        assert client.protocol_version == (await client.get_server_info())["protocolVersion"]
        assert await client.ping()
        assert await client.get_server_capabilities() == info_of(await client.get_server_info())
        return await client.get_server_info()

    def info_of(info: Any) -> Any:
        return info["capabilities"]

    info = used(url, use, mode=mode)

    assert (info["name"], info["version"], info["description"]) == ("plain", "3", "")
    assert info["instructions"] == "Ask nicely"
    assert "tools" in info["capabilities"] and json.dumps(info)
    assert (info["protocolVersion"] == HANDSHAKE) == (mode == "legacy")


def test_any_request_can_be_made(url: str) -> None:
    """Its result is all that the server said, as plain JSON."""

    async def use(client: AsyncMCPClient) -> Any:
        return await client.request("tools/call", {"name": "add", "arguments": {"a": 1}})

    assert used(url, use)["structuredContent"] == {"result": 2}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_handlers_are_those_of_the_client(url: str, mode: str) -> None:
    """Logs, progress, changes of resources."""
    logs: list[Any] = []
    steps: list[Any] = []
    mcp = server()

    async def main() -> None:
        changed = asyncio.Event()
        async with AsyncMCPClient(
            mcp,
            mode=mode,
            log_handler=lambda message: logs.append(message.data),
            message_handler=lambda message: (
                changed.set() if message.method == "notifications/resources/updated" else None
            ),
        ) as client:
            await client.set_logging_level("info")
            report = lambda *step: steps.append(step)  # noqa: E731
            assert await client.call_tool("work", progress_handler=report) == "done"
            await client.subscribe_resource("config/database")
            mcp.notify_resource_updated("config/database")
            async with asyncio.timeout(SECONDS):
                await changed.wait()
            await client.unsubscribe_resource("config/database")

    asyncio.run(main())

    assert steps == [(1, 2, "half")]
    assert [log["msg"] if isinstance(log, dict) else log for log in logs] == ["working"]


def test_what_the_server_is_answered_can_be_set_later() -> None:
    """And stays when the connection is opened anew, and in a new client."""
    mcp = FastMCP("x")

    @mcp.tool
    async def question(ctx: Context) -> list[str]:
        roots = [str(root.uri) for root in await ctx.list_roots()]
        model = await ctx.sample("Hello")
        user = await ctx.elicit("Who?", str)
        return [*roots, model.text, user.data]

    async def use(client: AsyncMCPClient) -> Any:
        client.set_roots(["file:///home"])
        client.set_sampling_callback(lambda *_: "model")
        client.set_elicitation_callback(lambda *_: "user")
        first = await client.call_tool("question")
        await client.close()
        async with client.new() as other:
            return [first, await client.call_tool("question"), await other.call_tool("question")]

    assert used(mcp, use) == [["file:///home", "model", "user"]] * 3


# The connection


@pytest.mark.parametrize(
    "target", [42, "http://", "no_such_script.py", {"url": "http://x", "hedaers": {}}]
)
def test_what_cannot_be_a_server_is_refused_at_once(target: Any) -> None:
    """By the constructor, though it connects to nothing."""
    with pytest.raises((ValueError, ClientError)):
        AsyncMCPClient(target)


def test_an_unknown_option_is_refused() -> None:
    """It has those of `Client`, and shows them."""
    options: dict[str, Any] = {"tiemout": 3}
    with pytest.raises(TypeError, match="tiemout"):
        AsyncMCPClient("http://127.0.0.1:1/mcp", **options)

    assert inspect.signature(AsyncMCPClient) == inspect.signature(Client)


def test_concurrent_first_calls_open_one_connection(url: str) -> None:
    """They share its session."""

    async def main() -> set[str]:
        client = AsyncMCPClient(url, mode="legacy")
        assert not client.is_connected()
        sessions = await asyncio.gather(*(client.call_tool("session") for _ in range(20)))
        assert client.is_connected()
        await client.close()
        assert not client.is_connected()
        return set(sessions)

    assert len(asyncio.run(main())) == 1


def test_a_caller_that_leaves_does_not_stop_the_opening_for_others(url: str) -> None:
    """Cancelling the first call cancels that call alone."""

    async def main() -> Any:
        client = AsyncMCPClient(url)
        first = asyncio.create_task(client.call_tool("add", {"a": 1}))
        second = asyncio.create_task(client.call_tool("add", {"a": 2}))
        await asyncio.sleep(0)
        first.cancel()
        try:
            return await second
        finally:
            await client.close()

    assert asyncio.run(main()) == 3


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(SECONDS):
        while True:
            with suppress(FileNotFoundError):  # a thread has ended while it was looked at
                if condition():
                    return
            await asyncio.sleep(0.01)


def test_an_opening_that_nobody_waits_for_is_given_up() -> None:
    """A child that was started for it is ended."""

    async def main() -> None:
        client = AsyncMCPClient(MUTE)
        before = children()  # servers of other tests
        call = asyncio.create_task(client.ping())
        await until(lambda: children() - before)
        call.cancel()
        await until(lambda: not children() - before)
        assert not client.is_connected()

    asyncio.run(main())


def test_a_failed_opening_is_tried_again_by_the_next_call(log: Path, script: Any) -> None:
    """The server may come later than its client."""
    program = script("""
        import os
        from fastmcp import FastMCP

        mcp = FastMCP("late")

        @mcp.tool
        def one() -> int:
            return 1

        mcp.run("http", port=int(os.environ["PORT"]), log_level="warning")
    """)
    port = free_port()

    async def main() -> None:
        client = AsyncMCPClient(f"http://127.0.0.1:{port}")
        calls = (client.call_tool("one") for _ in range(3))
        errors = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(error) for error in errors] == [ConnectFailed] * 3
        with http_server([program], log, port=port):
            assert await client.call_tool("one") == 1
            await client.close()

    asyncio.run(main())


def test_closing_is_for_everybody_and_for_now(url: str) -> None:
    """Also twice, and before the first call; the next call connects again."""

    async def main() -> None:
        client = AsyncMCPClient(url, mode="legacy")
        await client.close()
        first = await client.call_tool("session")
        await client.close()
        await client.close()
        second = await client.call_tool("session")
        await client.close()
        assert first != second

    with nothing_left():
        asyncio.run(main())


def test_blocks_may_be_nested(url: str) -> None:
    """The outermost one closes; by `open()` it stays open until `close()`."""

    async def main() -> None:
        client = AsyncMCPClient(url)
        async with client:
            async with client:
                pass
            assert client.is_connected()
        assert not client.is_connected()
        await client.connect()
        assert client.is_connected()
        await client.close()

    asyncio.run(main())


def test_a_call_that_is_under_way_fails_when_the_client_is_closed() -> None:
    """So does one that waits for the connection; nobody waits for ever."""

    async def main() -> None:
        began = asyncio.Event()
        connected, connecting = AsyncMCPClient(server()), AsyncMCPClient(MUTE)
        slow = connected.call_tool("slow", progress_handler=lambda *_: began.set())
        calls = [asyncio.create_task(slow), asyncio.create_task(connecting.call_tool("any"))]
        await began.wait()
        for client, call in zip((connected, connecting), calls, strict=True):
            await client.close()
            with pytest.raises(Disconnected):
                await call

    with nothing_left():
        asyncio.run(asyncio.wait_for(main(), SECONDS))


def test_it_can_be_used_in_one_loop_after_another(url: str) -> None:
    """What was open in a loop that ended has ended with it."""
    client = AsyncMCPClient(url)
    with nothing_left():
        for _ in range(3):
            assert asyncio.run(client.call_tool("add", {"a": 1})) == 2
    asyncio.run(client.close())


def test_two_loops_cannot_share_a_connection(url: str) -> None:
    """Which is said, with what to do."""
    client = AsyncMCPClient(url)
    inside, done = threading.Event(), threading.Event()

    async def hold_open() -> None:
        async with client:
            inside.set()
            await asyncio.to_thread(done.wait, SECONDS)

    thread = threading.Thread(target=asyncio.run, args=(hold_open(),))
    thread.start()
    try:
        assert inside.wait(SECONDS)
        for work in (client.ping, client.close):
            with pytest.raises(RuntimeError, match="another event loop"):
                asyncio.run(work())  # type: ignore[arg-type]
        assert asyncio.run(client.new().call_tool("add", {"a": 1})) == 2
    finally:
        done.set()
        thread.join(SECONDS)


def test_a_client_that_is_lost_is_closed(url: str) -> None:
    """Without a word, and its sockets with it."""

    async def main() -> None:
        for _ in range(3):
            client = AsyncMCPClient(url)
            assert await client.call_tool("add", {"a": 1}) == 2
            del client
        gc.collect()

    with nothing_left():
        asyncio.run(main())


# The counterparts of Client's methods

WITHOUT = {
    "call_tool_mcp": "request() gives whole results",
    "complete_mcp": "request() gives whole results",
    "get_prompt_mcp": "request() gives whole results",
    "list_prompts_mcp": "request() gives single pages",
    "list_resource_templates_mcp": "request() gives single pages",
    "list_resources_mcp": "request() gives single pages",
    "list_tools_mcp": "request() gives single pages",
    "read_resource_mcp": "request() gives whole results",
    "generate_name": "names are for those who watch several clients",
    "initialize": "open() does it",
    "initialize_result": "get_server_info() has it all",
    "instructions": "get_server_info() has them",
    "server_capabilities": "get_server_capabilities() asks for them",
    "server_info": "get_server_info() has it all",
    "get_task_status": "calls are waited for",
    "get_task_result": "calls are waited for",
    "list_tasks": "calls are waited for",
    "cancel_task": "calls are waited for",
    "follow_task": "calls are waited for",
    "get_skill": "Client has skills",
    "get_skill_mcp": "Client has skills",
    "list_skill_folder": "Client has skills",
    "list_skills": "Client has skills",
    "list_skills_mcp": "Client has skills",
    "read_skill": "Client has skills",
}


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def test_every_method_of_the_client_has_a_counterpart_or_a_reason() -> None:
    """And no reason is given for what is there."""
    missing = public(Client) - public(AsyncMCPClient)

    assert missing - {"prior_discover"} == set(WITHOUT)
