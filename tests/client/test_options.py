"""What a client is made with: times, when it introduces itself, and clients like it."""

from __future__ import annotations

import asyncio
import contextvars
from datetime import timedelta
from typing import Any

import pytest
from apps import served

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, McpError, TimedOut
from fastmcp.server.middleware import Middleware
from fastmcp.wire.lifecycle import DiscoverResult

from .scripted import HANDSHAKE, MODERN, ScriptedServer

steps = FastMCP("steps")


@steps.tool
async def climb(count: int, pause: float, context: Context) -> int:
    """Tell of each step."""
    for step in range(count):
        await asyncio.sleep(pause)
        await context.report_progress(step)
    return count


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_timeout_is_for_silence(mode: str) -> None:
    """Progress starts it anew, whoever listens to that; a whole request has a limit of its own."""

    async def main() -> None:
        async with Client(steps, mode=mode, timeout=timedelta(seconds=0.3)) as client:
            assert (await client.call_tool("climb", {"count": 8, "pause": 0.06})).data == 8
            with pytest.raises(TimedOut, match=r"timeout of 0\.05 seconds"):
                await client.call_tool("climb", {"count": 1, "pause": 5}, timeout=0.05)
        async with Client(steps, mode=mode, timeout=0.3, max_total_timeout=0.2) as client:
            with pytest.raises(TimedOut, match=r"total timeout of 0\.2 seconds"):
                await client.call_tool("climb", {"count": 100, "pause": 0.02})

    asyncio.run(main())


def test_a_timeout_is_an_error_of_three_kinds() -> None:
    """As code expects it that was written for FastMCP, for asyncio, or for this package."""

    async def main() -> None:
        async with Client(steps) as client:
            for kind in (McpError, TimeoutError, TimedOut):
                with pytest.raises(kind, match="Timed out"):
                    await client.call_tool("climb", {"count": 1, "pause": 5}, timeout=0.01)

    asyncio.run(main())


@pytest.mark.parametrize("name", ["timeout", "init_timeout", "max_total_timeout", "ping_interval"])
def test_a_time_is_not_negative(name: str) -> None:
    """It would have passed before anything was asked."""
    options: dict[str, Any] = {name: -1}
    with pytest.raises(ValueError, match="-1 seconds"):
        Client(steps, **options)


@pytest.mark.parametrize("over_http", [False, True])
def test_what_a_modern_server_failed_of_is_told(over_http: bool) -> None:
    """Not that it refuses the handshake, which is tried then."""

    class Broken(Middleware):
        async def on_discover(self, context: Any, call_next: Any) -> Any:
            raise McpError(code=-31999, message="out of paper")

        async def on_initialize(self, context: Any, call_next: Any) -> Any:
            raise McpError(code=-32022, message="no handshakes here")

    mcp = FastMCP("x", middleware=[Broken()])

    async def main(target: Any) -> McpError:
        with pytest.raises(McpError) as caught:
            async with Client(target):
                pass
        return caught.value

    if over_http:
        with served(mcp.http_app()) as base:
            error = asyncio.run(main(base + "/mcp"))
    else:
        error = asyncio.run(main(mcp))
    assert (error.code, error.message) == (-31999, "out of paper")


def test_a_failure_in_a_middleware_of_a_modern_server_is_told() -> None:
    """By its own text, in the same process."""

    class Broken(Middleware):
        async def on_request(self, context: Any, call_next: Any) -> Any:
            raise RuntimeError("out of paper")

    async def main() -> None:
        async with Client(FastMCP("x", middleware=[Broken()])):
            pass

    with pytest.raises(McpError, match="out of paper"):
        asyncio.run(main())


def test_what_a_handshake_server_refuses_is_told() -> None:
    """Rather than how it answered the probe before."""

    class Refusing(ScriptedServer):
        async def _result(self, message: Any) -> Any:
            known = message["method"] == "initialize"
            raise McpError(code=-32000, message="not today" if known else "what?")

    async def main() -> None:
        async with Client(Refusing()):
            pass

    with pytest.raises(McpError, match="not today"):
        asyncio.run(main())


@pytest.mark.parametrize("revision", [HANDSHAKE, MODERN])
def test_a_client_can_introduce_itself_later(revision: str) -> None:
    """With auto_initialize=False nothing is sent before `initialize()`, which may come twice."""
    server = ScriptedServer(None, revision)

    async def main() -> None:
        async with Client(server, auto_initialize=False) as client:
            assert client.is_connected()
            assert server.sent == []
            with pytest.raises(RuntimeError, match="not connected"):
                _ = client.protocol_version
            first = await client.initialize(timeout=5)
            assert first.protocol_version == client.protocol_version == revision
            sent = len(server.sent)
            assert (await client.initialize()).server_info == first.server_info
            assert len(server.sent) == sent

    asyncio.run(main())


def test_what_is_known_of_a_modern_server_is_not_asked() -> None:
    """A pinned version and an earlier answer to discover open a connection without a message."""
    server = ScriptedServer(None)
    known = DiscoverResult.model_validate(
        {
            "supportedVersions": [MODERN],
            "capabilities": {"tools": {"listChanged": True}},
            "instructions": "Ask nicely.",
            "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "known", "version": "3"}},
        }
    )

    async def main() -> None:
        async with Client(server, mode=MODERN, prior_discover=known) as client:
            assert client.prior_discover is known
            assert client.server_info.name == "known"
            assert client.instructions == "Ask nicely."
            assert client.server_capabilities.tools is not None

    asyncio.run(main())
    assert server.sent == []


def test_a_new_client_has_the_same_handlers_and_its_own_connection() -> None:
    """Also those that were set after the first one was made."""
    logs: list[Any] = []
    asked = FastMCP("asked")

    @asked.tool
    async def whose(context: Context) -> str:
        await context.info("hello")
        answer: Any = await context.elicit("Whose?", str)
        return f"{answer.data} {context.session_id}"

    async def main() -> tuple[str, str]:
        first = Client(asked, name="ours", log_handler=logs.append, mode="legacy")
        first.set_elicitation_callback(lambda *_: {"value": "mine"})
        async with first, first.new() as second:
            assert second.name == "ours"
            assert second.transport is first.transport
            assert second.protocol_version == HANDSHAKE
            for client in (first, second):
                await client.set_logging_level("info")
            told = [(await client.call_tool("whose")).data for client in (first, second)]
            await first.close()
            assert second.is_connected()
        return told[0], told[1]

    one, two = asyncio.run(main())
    assert one.startswith("mine ")
    assert two.startswith("mine ")
    assert one != two
    assert len(logs) == 2


def test_a_client_has_a_name() -> None:
    """The given one, or one of its own."""
    assert Client(steps, name="ours").name == "ours"
    names = {Client(steps).name for _ in range(3)} | {Client.generate_name("x")}
    assert len(names) == 4
    assert sum(name.startswith("Client-") for name in names) == 3


def test_what_is_for_http_is_refused_elsewhere() -> None:
    """Rather than forgotten."""
    for options in ({"auth": "token"}, {"verify": False}):
        with pytest.raises(ConfigurationError, match="HTTP"):
            Client(steps, **options)


def test_a_loop_of_calls_in_memory_lets_others_run() -> None:
    """What is polled for can happen, though no call has to wait for anything."""
    done = False
    server = FastMCP("poll")

    @server.tool
    async def is_done() -> bool:
        return done

    async def later() -> None:
        nonlocal done
        await asyncio.sleep(0.01)
        done = True

    async def main() -> None:
        async with Client(server) as client:
            task = asyncio.create_task(later())
            async with asyncio.timeout(20):
                while not (await client.call_tool("is_done")).data:
                    pass
            await task

    asyncio.run(main())


def test_context_variables_of_a_tool_are_its_own() -> None:
    """It sees its caller's, in memory; what it sets is gone with the call."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="nobody")
    server = FastMCP("variables")

    @server.tool
    async def swap(value: str) -> str:
        before = variable.get()
        variable.set(value)
        await asyncio.sleep(0)
        assert variable.get() == value
        return before

    async def main() -> None:
        async with Client(server) as client:
            variable.set("caller")
            assert (await client.call_tool("swap", {"value": "tool"})).data == "caller"
            assert (await client.call_tool("swap", {"value": "tool"})).data == "caller"
            assert variable.get() == "caller"

    asyncio.run(main())


def test_a_page_that_never_ends_is_stopped() -> None:
    """After max_pages, or where the cursor comes again."""
    pages = 0

    async def endless(message: Any) -> Any:
        nonlocal pages
        pages += 1
        return {"tools": [], "nextCursor": str(pages)}

    async def repeated(message: Any) -> Any:
        return {"tools": [{"name": "a", "inputSchema": {"type": "object"}}], "nextCursor": "same"}

    async def main() -> None:
        async with Client(ScriptedServer(endless)) as client:
            with pytest.raises(Exception, match="more than 3 pages"):
                await client.list_tools(max_pages=3)
            assert pages == 3
        async with Client(ScriptedServer(repeated)) as client:
            assert len(await client.list_tools()) == 2

    asyncio.run(main())


def test_a_list_that_changed_between_its_pages_is_asked_for_again() -> None:
    """The server no longer takes the cursor; a second time that is an error."""
    refusals = 1

    async def paged(message: Any) -> Any:
        nonlocal refusals
        if "cursor" not in message["params"]:
            return {"prompts": [{"name": "first"}], "nextCursor": "2"}
        if refusals:
            refusals -= 1
            raise McpError(code=-32602, message="Unknown cursor")
        return {"prompts": [{"name": "second"}]}

    async def main() -> None:
        nonlocal refusals
        async with Client(ScriptedServer(paged)) as client:
            assert [each.name for each in await client.list_prompts()] == ["first", "second"]
            refusals = 2
            with pytest.raises(McpError, match="Unknown cursor"):
                await client.list_prompts()

    asyncio.run(main())


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_tools_call_each_other_as_deep_as_they_like(mode: str) -> None:
    """In memory, where a call does not leave the task of its caller unless it has to."""
    server = FastMCP("deep")

    @server.tool
    async def down(levels: int) -> int:
        if levels == 0:
            return 0
        async with Client(server, mode=mode) as client:
            return 1 + (await client.call_tool("down", {"levels": levels - 1})).data

    async def main() -> None:
        async with Client(server, mode=mode) as client:
            assert (await client.call_tool("down", {"levels": 200})).data == 200

    asyncio.run(main())
