"""The client against our server, over every transport and in every mode."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from processes import HttpServer, http_server
from pydantic import BaseModel

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import (
    FastMCPTransport,
    PythonStdioTransport,
    StdioTransport,
    StreamableHttpTransport,
)
from fastmcp.exceptions import ClientError, Disconnected, McpError, TimedOut, ToolError

SERVER = '''
import asyncio, os
from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError

mcp = FastMCP("everything", "Ask nicely", version="2", list_page_size=2)
seen = []

@mcp.tool
def add(a: int, b: int = 1) -> int:
    """Add."""
    return a + b

@mcp.tool
def fail() -> str:
    raise ToolError("out of paper")

@mcp.tool
async def slow() -> str:
    seen.append("began")
    try:
        await asyncio.sleep(600)
    except asyncio.CancelledError:
        seen.append("cancelled")
        raise
    return "late"

@mcp.tool
def heard() -> list[str]:
    return seen

@mcp.tool
async def work(steps: int, ctx: Context) -> str:
    for step in range(steps):
        await ctx.report_progress(step + 1, steps, f"step {step + 1}")
        await ctx.warning(f"warned {step + 1}", logger_name="work")
    return "done"

@mcp.tool
def echo(value: dict) -> dict:
    return value

for number in range(5):
    mcp.resource(f"data://{number}", name=f"data {number}")(lambda number=number: str(number))
    mcp.resource(f"kind{number}://{{name}}", name=f"kind {number}")(lambda name: name)
    mcp.prompt(lambda topic: topic, name=f"ask {number}")

if __name__ == "__main__":
    port = os.environ.get("PORT")
    mcp.run("http", port=int(port), log_level="warning") if port else mcp.run()
'''
MODES = ["auto", "legacy", "2026-07-28"]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "everything.py"
    path.write_text(SERVER)
    return path


@pytest.fixture(scope="module")
def over_http(program: Path) -> Iterator[HttpServer]:
    with http_server([program], program.with_suffix(".log")) as server:
        yield server


def in_memory() -> FastMCP:
    namespace: dict[str, Any] = {"__name__": "everything"}
    exec(compile(SERVER, "everything.py", "exec"), namespace)
    return namespace["mcp"]


@pytest.fixture(params=["memory", "stdio", "http"])
def target(request: pytest.FixtureRequest, program: Path) -> Any:
    """What a client is made of, once for each transport."""
    if request.param == "memory":
        return in_memory()
    if request.param == "stdio":
        return str(program)
    return request.getfixturevalue("over_http").url


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


def used(target: Any, use: Callable[[Client], Any], **options: Any) -> Any:
    """Open a client, use it, close it; bounded in time."""

    async def main() -> Any:
        async with asyncio.timeout(30), Client(target, **options) as client:
            return await use(client)

    return asyncio.run(main())


def test_every_method_works(target: Any, mode: str) -> None:
    """Listing over all pages, calling, reading, prompts and pings, whatever was negotiated."""

    async def use(client: Client) -> None:
        assert client.is_connected()
        assert client.protocol_version == ("2025-11-25" if mode == "legacy" else "2026-07-28")
        tools = await client.list_tools()
        assert [tool.name for tool in tools] == ["add", "fail", "slow", "heard", "work", "echo"]
        assert (await client.call_tool("add", {"a": 2, "b": 3})).data == 5
        assert [r.uri for r in await client.list_resources()] == [f"data://{n}" for n in range(5)]
        assert len(await client.list_resource_templates()) == 5
        assert (await client.read_resource("data://3"))[0].text == "3"
        assert (await client.read_resource("kind1://x"))[0].text == "x"
        assert len(await client.list_prompts()) == 5
        prompt = await client.get_prompt("ask 1", {"topic": "rain"})
        assert prompt.messages[0].content.text == "rain"
        assert await client.ping() is True

    used(target, use, mode=mode)


def test_the_server_is_introduced(target: Any, mode: str) -> None:
    """Name, version, instructions and capabilities; a pinned mode asks nobody, so knows none."""

    async def use(client: Client) -> Any:
        info = client.server_info
        return info.name, info.version, client.instructions, client.server_capabilities.tools

    name, version, instructions, tools = used(target, use, mode=mode)

    if mode == "2026-07-28":
        assert (name, instructions, tools) == ("unknown", None, None)
    else:
        assert (name, version, instructions) == ("everything", "2", "Ask nicely")
        assert tools is not None


def test_the_client_introduces_itself(mode: str) -> None:
    """name= reaches the server in both eras."""
    mcp = FastMCP("x")

    @mcp.tool
    def who(ctx: Context) -> str:
        return f"{ctx.client_id} over {ctx.transport} in {ctx.protocol_version}"

    async def use(client: Client) -> str:
        return (await client.call_tool("who")).data

    revision = "2025-11-25" if mode == "legacy" else "2026-07-28"
    assert used(mcp, use, mode=mode, name="me") == f"me over memory in {revision}"


def test_an_unknown_mode_is_refused() -> None:
    """The message names the modes."""
    for mode in ("modern", "2025-11-26", ""):
        with pytest.raises(ValueError, match="'legacy'"):
            Client(FastMCP("x"), mode=mode)


def test_a_failed_tool_raises_unless_told_otherwise(target: Any, mode: str) -> None:
    """ToolError with the tool's text; with raise_on_error=False the result says it."""

    async def use(client: Client) -> None:
        with pytest.raises(ToolError) as caught:
            await client.call_tool("fail")
        assert str(caught.value) == "out of paper"
        assert not isinstance(caught.value, McpError)
        result = await client.call_tool("fail", raise_on_error=False)
        assert (result.is_error, result.text(), result.data) == (True, "out of paper", None)

    used(target, use, mode=mode)


def test_an_unknown_tool_is_both_kinds_of_error(target: Any, mode: str) -> None:
    """Code that expects either a ToolError or an McpError catches it."""

    async def use(client: Client) -> None:
        for kind in (ToolError, McpError):
            with pytest.raises(kind, match="absent") as caught:
                await client.call_tool("absent")
            assert caught.value.code == -32602

    used(target, use, mode=mode)


def test_a_call_that_takes_too_long_is_given_up(target: Any, mode: str) -> None:
    """TimedOut names the method and the time; the server stops working; the client goes on."""

    async def use(client: Client) -> list[str]:
        await client.call_tool("heard")  # a process has to start before it can be too slow
        with pytest.raises(TimedOut, match=r"tools/call.*0\.2 seconds") as caught:
            await client.call_tool("slow", timeout=0.2)
        assert isinstance(caught.value, TimeoutError)
        assert isinstance(caught.value, ClientError)
        return await last_heard(client)

    assert used(target, use, mode=mode) == ["began", "cancelled"]


def test_the_clients_own_timeout_holds_for_every_request(mode: str) -> None:
    """timeout= of the client; one that a call gives comes before it."""

    async def use(client: Client) -> None:
        with pytest.raises(TimedOut):
            await client.call_tool("slow")
        assert (await client.call_tool("add", {"a": 1}, timeout=10)).data == 2

    used(in_memory(), use, mode=mode, timeout=0.1)


def test_cancelling_a_call_tells_the_server(target: Any, mode: str) -> None:
    """The task is cancelled at once, and so is the tool."""

    async def use(client: Client) -> list[str]:
        before = len((await client.call_tool("heard")).data)
        task = asyncio.create_task(client.call_tool("slow"))
        while len((await client.call_tool("heard")).data) == before:
            pass
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await last_heard(client)

    assert used(target, use, mode=mode) == ["began", "cancelled"]


async def last_heard(client: Client) -> list[str]:
    """What the server noted of the last slow call, once it noted its end."""
    while True:
        heard = (await client.call_tool("heard")).data
        if heard[-1] != "began":
            return heard[-2:]


def test_calls_run_side_by_side_and_keep_their_answers(target: Any, mode: str) -> None:
    """A hundred at once, each answered with its own sum."""

    async def use(client: Client) -> list[int]:
        calls = [client.call_tool("add", {"a": number, "b": number}) for number in range(100)]
        return [result.data for result in await asyncio.gather(*calls)]

    assert used(target, use, mode=mode) == [2 * number for number in range(100)]


def test_progress_and_logs_reach_their_handlers(target: Any, mode: str) -> None:
    """Plain functions and coroutines; a call's handler comes before the client's."""
    progress: list[Any] = []
    logs: list[Any] = []
    methods: list[str] = []

    async def on_progress(done: float, total: float | None, text: str | None) -> None:
        progress.append((done, total, text))

    async def use(client: Client) -> str:
        await client.set_logging_level("info")
        result = await client.call_tool("work", {"steps": 2}, progress_handler=on_progress)
        assert len(logs) == len(progress) == 2, "they are told before the result"
        return result.data

    async def on_log(message: Any) -> None:
        logs.append((message.level, message.logger, message.data))

    done = used(
        target,
        use,
        mode=mode,
        log_handler=on_log,
        message_handler=lambda notification: methods.append(notification.method),
        progress_handler=lambda *_: pytest.fail("the call has a handler of its own"),
    )

    assert done == "done"
    assert progress == [(1, 2, "step 1"), (2, 2, "step 2")]
    assert [(level, name, data["msg"]) for level, name, data in logs] == [
        ("warning", "work", "warned 1"),
        ("warning", "work", "warned 2"),
    ]
    assert methods.count("notifications/message") == 2


def test_logs_below_the_level_are_not_sent(mode: str) -> None:
    """set_logging_level decides."""
    logs: list[Any] = []

    async def use(client: Client) -> None:
        await client.set_logging_level("error")
        await client.call_tool("work", {"steps": 1})
        await client.ping()

    used(in_memory(), use, mode=mode, log_handler=logs.append)

    assert logs == []


def test_a_log_handler_hears_all_until_a_level_is_set(target: Any, mode: str) -> None:
    """In both eras, and from a client like it."""
    logs: list[Any] = []

    async def use(client: Client) -> None:
        await client.call_tool("work", {"steps": 1})
        while len(logs) < 1:
            await asyncio.sleep(0.01)
        async with client.new() as twin:
            await twin.call_tool("work", {"steps": 1})
            while len(logs) < 2:
                await asyncio.sleep(0.01)

    used(target, use, mode=mode, log_handler=logs.append)

    assert [log.data["msg"] for log in logs] == ["warned 1", "warned 1"]


def test_a_handler_that_fails_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """Each failure is logged, and the call is answered: the progress goes to both handlers."""

    async def broken(*_: Any) -> None:
        raise RuntimeError("handler")

    def broken_at_once(*_: Any) -> None:
        raise RuntimeError("handler")

    async def use(client: Client) -> str:
        return (await client.call_tool("work", {"steps": 1})).data

    for handler in (broken, broken_at_once):
        caplog.clear()
        data = used(
            in_memory(), use, mode="legacy", progress_handler=handler, message_handler=handler
        )
        assert data == "done"
        failures = [each for each in caplog.records if each.levelno == logging.ERROR]
        assert len(failures) == 3


class Order(BaseModel):
    day: date
    items: list[int]


def test_arguments_may_be_models_and_dates() -> None:
    """They are sent the way pydantic writes them."""
    order = Order(day=date(2026, 7, 28), items=[1])

    async def use(client: Client) -> Any:
        return (await client.call_tool("echo", {"value": {"o": order, "d": order.day}})).data

    assert used(in_memory(), use) == {"o": {"day": "2026-07-28", "items": [1]}, "d": "2026-07-28"}


# Pages


def test_pages_follow_one_another(target: Any, mode: str) -> None:
    """list_tools_mcp gives one page and the cursor of the next; the last has none."""

    async def use(client: Client) -> list[list[str]]:
        pages: list[list[str]] = []
        cursor: str | None = None
        while cursor is not None or not pages:
            page = await client.list_tools_mcp(cursor)
            pages.append([tool.name for tool in page.tools])
            cursor = page.next_cursor
        return pages

    assert used(target, use, mode=mode) == [["add", "fail"], ["slow", "heard"], ["work", "echo"]]


@pytest.mark.parametrize("cursor", ["nonsense", "", "MQ==", "LTI=", "MTAw"])
def test_a_bad_cursor_is_invalid_params(mode: str, cursor: str) -> None:
    """Not only nonsense: positions that no page begins at are refused, too."""

    async def use(client: Client) -> int:
        with pytest.raises(McpError, match="cursor") as caught:
            await client.list_tools_mcp(cursor)
        return caught.value.code

    assert used(in_memory(), use, mode=mode) == -32602


# Opening and closing


def test_a_client_may_be_entered_again_while_it_is_open(target: Any) -> None:
    """Inner blocks share the connection, which the last of them closes; then it opens anew."""

    async def main() -> None:
        client = Client(target)
        async with client:
            async with client as again:
                assert again is client
                assert (await client.call_tool("add", {"a": 1})).data == 2
            assert client.is_connected()
            assert (await client.call_tool("add", {"a": 2})).data == 3
        assert not client.is_connected()
        async with client:
            assert (await client.call_tool("add", {"a": 3})).data == 4

    asyncio.run(main())


def test_tasks_can_share_a_client() -> None:
    """Each enters and leaves by itself, in any order."""

    async def main() -> list[int]:
        client = Client(in_memory())

        async def one(number: int) -> int:
            async with client:
                await asyncio.sleep(0.01 * (number % 3))
                return (await client.call_tool("add", {"a": number})).data

        found = await asyncio.gather(*[one(number) for number in range(20)])
        assert not client.is_connected()
        return found

    assert asyncio.run(main()) == [number + 1 for number in range(20)]


def test_close_ends_the_connection_for_everybody() -> None:
    """What waits fails with Disconnected, and the client can be opened again afterwards."""

    async def main() -> None:
        client = Client(in_memory())
        async with client:
            waiting = asyncio.create_task(client.call_tool("slow"))
            await client.ping()
            await client.close()
            with pytest.raises(Disconnected):
                await waiting
            assert not client.is_connected()
        async with client:
            assert (await client.call_tool("add", {"a": 1})).data == 2

    asyncio.run(main())


def test_a_client_that_is_not_open_says_how_to_open_it() -> None:
    """Before and after the block."""

    async def main() -> None:
        client = Client(in_memory())
        for _ in range(2):
            with pytest.raises(RuntimeError, match="async with"):
                await client.call_tool("add", {"a": 1})
            with pytest.raises(RuntimeError, match="async with"):
                await client.ping()
            async with client:
                pass

    asyncio.run(main())


def test_what_a_client_is_made_of_decides_the_transport(program: Path) -> None:
    """Servers, URLs, paths and transports; anything else is refused with what would do."""
    assert isinstance(Client(in_memory()).transport, FastMCPTransport)
    assert isinstance(Client("http://localhost:1/mcp").transport, StreamableHttpTransport)
    assert isinstance(Client(str(program)).transport, PythonStdioTransport)
    assert isinstance(Client(program).transport, PythonStdioTransport)
    own = StdioTransport("server")
    assert Client(own).transport is own
    for wrong in ("server", 5, None, "ftp://x", object()):
        with pytest.raises(ValueError, match=r"http\(s\) URL"):
            Client(wrong)
    with pytest.raises(ValueError, match=r"absent\.py"):
        Client("absent.py")


def test_an_unknown_tool_is_a_result_to_those_who_want_no_error(mode: str) -> None:
    """raise_on_error=False gives the server's text, as for a tool that failed."""

    async def use(client: Client) -> Any:
        return await client.call_tool("nope", raise_on_error=False)

    result = used(in_memory(), use, mode=mode)

    assert result.is_error and "nope" in result.text() and result.data is None
