"""What is done for a request is one tree of spans, from the client to the server's functions."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opentelemetry import trace
from reaching import Reach, used

from fastmcp import Client, Context, FastMCP
from fastmcp.client import MCPClient
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StdioTransport
from telemetry.recorded import Recorded, called

TESTS = str(Path(__file__).parents[1])


def own(name: str) -> Any:
    """A span of the program's own, by the tracer of the provider that there is now."""
    return trace.get_tracer_provider().get_tracer("test").start_as_current_span(name)


def test_a_call_is_one_tree(recorded: Recorded, reach: Reach, mode: str) -> None:
    """The span of the program, the client's, the server's, and that of the tool."""
    mcp = FastMCP("Work")

    @mcp.tool
    async def work() -> str:
        with own("inner"):
            return "done"

    async def use(client: Client) -> None:
        with own("outer"):
            await client.call_tool("work")

    used(reach(mcp), use, mode=mode)

    assert recorded.path("inner") == [
        "outer",
        "tools/call work CLIENT",
        "tools/call work SERVER",
        "inner",
    ]


def test_a_plain_function_sees_the_span_in_its_thread(
    recorded: Recorded, reach: Reach, mode: str
) -> None:
    """And what it begins there belongs to it."""
    mcp = FastMCP("Work")

    @mcp.tool
    def work() -> str:
        with own("inner"):
            return f"{trace.get_current_span().get_span_context().trace_id:032x}"

    async def use(client: Client) -> str:
        return (await client.call_tool("work")).data

    trace_id = used(reach(mcp), use, mode=mode)

    assert recorded.path("inner")[-2:] == ["tools/call work SERVER", "inner"]
    context = recorded.one("tools/call work CLIENT").context
    assert context is not None
    assert f"{context.trace_id:032x}" == trace_id


def test_a_client_of_plain_code_goes_on_with_the_span_there(
    recorded: Recorded, reach: Reach
) -> None:
    """Though another thread does what it is asked."""
    mcp = FastMCP("Work")

    @mcp.tool
    def work() -> str:
        return "done"

    with MCPClient(reach(mcp)) as client, own("outer"):
        assert client.call_tool("work") == "done"

    assert recorded.path("tools/call work SERVER")[0] == "outer"


def test_every_request_has_its_own_trace(recorded: Recorded, reach: Reach, mode: str) -> None:
    """Without a span around them, also when they are served at the same time."""
    mcp = FastMCP("Work")

    @mcp.tool
    async def work(number: int) -> None: ...

    async def use(client: Client) -> None:
        await asyncio.gather(*[client.call_tool("work", {"number": n}) for n in range(5)])

    used(reach(mcp), use, mode=mode)

    calls = [span for span in recorded.all() if span.name == "tools/call work"]
    assert len(calls) == 10
    assert len({span.context.trace_id for span in calls if span.context is not None}) == 5


def test_the_opening_is_traced(recorded: Recorded, reach: Reach) -> None:
    """The handshake, or what takes its place."""
    mcp = FastMCP("Work")

    async def use(client: Client) -> None: ...

    target = reach(mcp)
    with own("outer"):
        used(target, use, mode="legacy")
        used(target, use)

    assert recorded.path("initialize SERVER") == ["outer", "initialize CLIENT", "initialize SERVER"]
    assert recorded.path("server/discover SERVER")[:2] == ["outer", "server/discover CLIENT"]


def test_what_a_tool_asks_its_client_is_part_of_the_tree(recorded: Recorded, reach: Reach) -> None:
    """A request of the server's, in the handshake era: the roles are the other way round."""
    mcp = FastMCP("Work")

    @mcp.tool
    async def work(ctx: Context) -> str:
        with own("inner"):
            return str((await ctx.elicit("Go on?", response_type=str)).action)

    async def answer(*_: Any) -> ElicitResult[Any]:
        with own("handler"):
            return ElicitResult(action="decline")

    async def use(client: Client) -> None:
        await client.call_tool("work")

    used(reach(mcp), use, mode="legacy", elicitation_handler=answer)

    assert recorded.path("handler") == [
        "tools/call work CLIENT",
        "tools/call work SERVER",
        "inner",
        "elicitation/create CLIENT",
        "elicitation/create SERVER",
        "handler",
    ]


def test_whatever_a_tool_asks_its_client_has_a_span(recorded: Recorded, reach: Reach) -> None:
    """Its roots, and whether it is there."""
    mcp = FastMCP("Work")

    @mcp.tool
    async def work(ctx: Context) -> int:
        await ctx.session.send_ping()
        return len(await ctx.list_roots())

    async def use(client: Client) -> int:
        return (await client.call_tool("work")).data

    assert used(reach(mcp), use, mode="legacy", roots=["file:///work"]) == 1

    assert recorded.path("ping CLIENT")[1:] == ["tools/call work SERVER", "ping CLIENT"]
    assert recorded.path("roots/list SERVER")[1:] == [
        "tools/call work SERVER",
        "roots/list CLIENT",
        "roots/list SERVER",
    ]


def test_a_stream_of_changes_is_no_span(recorded: Recorded, reach: Reach) -> None:
    """It would last for as long as the client."""
    mcp = FastMCP("Work")
    heard = asyncio.Event()

    async def hear(message: Any) -> None:
        heard.set()

    async def use(client: Client) -> None:
        mcp.tool(lambda: 1, name="late")
        async with asyncio.timeout(20):
            await heard.wait()

    used(reach(mcp), use, message_handler=hear)

    assert not [name for name in recorded.names() if name.startswith("subscriptions/listen")]


def test_a_plain_tool_that_asks_is_part_of_the_tree(recorded: Recorded, reach: Reach) -> None:
    """From its thread, too."""
    mcp = FastMCP("Work")

    @mcp.tool
    def work(ctx: Context) -> str:
        with own("inner"):
            return str(ctx.elicit("Go on?", response_type=str).action)  # type: ignore[attr-defined]

    async def answer(*_: Any) -> ElicitResult[Any]:
        return ElicitResult(action="decline")

    async def use(client: Client) -> None:
        await client.call_tool("work")

    used(reach(mcp), use, mode="legacy", elicitation_handler=answer)

    path = recorded.path("elicitation/create SERVER")
    assert path[1:4] == ["tools/call work SERVER", "inner", "elicitation/create CLIENT"]


def test_the_rounds_of_a_modern_call_are_one_tree(recorded: Recorded, reach: Reach) -> None:
    """One span of the client's; below it one of the server's for each round, and the answer."""
    mcp = FastMCP("Work")

    @mcp.tool
    async def work(ctx: Context) -> str:
        return str((await ctx.elicit("Go on?", response_type=str)).action)

    async def answer(*_: Any) -> ElicitResult[Any]:
        return ElicitResult(action="decline")

    async def use(client: Client) -> None:
        await client.call_tool("work")

    used(reach(mcp), use, elicitation_handler=answer)

    call = recorded.one("tools/call work CLIENT").context
    assert call is not None
    below = [s for s in recorded.all() if s.parent is not None and s.parent.span_id == call.span_id]
    assert [called(span) for span in below] == [
        "tools/call work SERVER",
        "elicitation/create SERVER",
        "tools/call work SERVER",
    ]
    assert all(span.status.is_unset for span in recorded.all())


def test_a_server_that_calls_another_continues_the_tree(
    recorded: Recorded, reach: Reach, mode: str
) -> None:
    """A client inside a tool is one more step down."""
    backend, front = FastMCP("Backend"), FastMCP("Front")

    @backend.tool
    async def store() -> str:
        return "stored"

    target = reach(backend)

    @front.tool
    async def save() -> str:
        async with Client(target, mode=mode) as client:
            return (await client.call_tool("store")).data

    async def use(client: Client) -> None:
        await client.call_tool("save")

    used(reach(front), use, mode=mode)

    assert recorded.path("tools/call store SERVER") == [
        "tools/call save CLIENT",
        "tools/call save SERVER",
        "tools/call store CLIENT",
        "tools/call store SERVER",
    ]


SERVER = """
    import json, sys
    sys.path.insert(0, {tests!r})
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
    from fastmcp import FastMCP

    spans = open({spans!r}, "a")
    provider = TracerProvider()
    line = lambda span: json.dumps(json.loads(span.to_json())) + "\\n"
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=spans, formatter=line)))
    trace.set_tracer_provider(provider)
    mcp = FastMCP("Work")

    @mcp.tool
    def work() -> str:
        with trace.get_tracer("test").start_as_current_span("inner"):
            return "done"

    mcp.run()
"""


def test_the_tree_goes_on_in_a_process(
    recorded: Recorded, script: Callable[..., Path], tmp_path: Path, mode: str
) -> None:
    """Over stdio, with an exporter on either side."""
    file = tmp_path / "spans.jsonl"
    server = script(SERVER.format(spans=str(file), tests=TESTS))

    async def use(client: Client) -> None:
        await client.call_tool("work")

    used(StdioTransport(sys.executable, [str(server)]), use, mode=mode)

    theirs = {span["name"]: span for span in map(json.loads, file.read_text().splitlines())}
    ours = recorded.one("tools/call work CLIENT").context
    assert ours is not None
    assert theirs["tools/call work"]["parent_id"] == f"0x{ours.span_id:016x}"
    assert theirs["tools/call work"]["kind"] == "SpanKind.SERVER"
    assert theirs["inner"]["parent_id"] == theirs["tools/call work"]["context"]["span_id"]
    assert theirs["inner"]["context"]["trace_id"] == f"0x{ours.trace_id:032x}"
