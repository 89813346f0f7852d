"""What spans say of requests, and of what went wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from apps import call, http, request
from opentelemetry.trace import StatusCode
from reaching import Reach, used

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import FastMCPTransport
from fastmcp.exceptions import McpError, ToolError
from fastmcp.server.auth.identity import LocalIdentity
from fastmcp.tools import ToolResult
from telemetry.recorded import Recorded


def server() -> FastMCP:
    """One of each component."""
    mcp = FastMCP("Shop")

    @mcp.tool(version="2.0")
    def add(a: int, b: int) -> int:
        return a + b

    @mcp.resource("config://app")
    def config() -> str:
        return "{}"

    @mcp.resource("user://{id}")
    def user(id: str) -> str:
        return id

    @mcp.prompt
    def review(code: str) -> str:
        return code

    return mcp


async def use_all(client: Client) -> None:
    await client.call_tool("add", {"a": 1, "b": 2})
    await client.read_resource("config://app")
    await client.read_resource("user://7")
    await client.get_prompt("review", {"code": "x"})
    await client.list_tools()


def chosen(attributes: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: attributes[name] for name in names if name in attributes}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_span_says_what_was_asked_for(recorded: Recorded, mode: str) -> None:
    """By the names of the semantic conventions, and FastMCP's for its own; alike on both sides."""
    used(server(), use_all, mode=mode)

    version = "2025-11-25" if mode == "legacy" else "2026-07-28"
    tool = {
        "mcp.method.name": "tools/call",
        "mcp.protocol.version": version,
        "gen_ai.tool.name": "add",
        "gen_ai.operation.name": "execute_tool",
    }
    assert recorded.attributes("tools/call add CLIENT") == tool
    theirs = recorded.attributes("tools/call add SERVER")
    assert theirs.pop("jsonrpc.request.id").isdecimal()
    session = theirs.pop("mcp.session.id", None)
    assert (session is not None) is (mode == "legacy")
    assert theirs == {
        **tool,
        "fastmcp.server.name": "Shop",
        "fastmcp.component.type": "tool",
        "fastmcp.component.key": "tool:add@2.0",
    }
    prompt = recorded.attributes("prompts/get review SERVER")
    assert prompt["gen_ai.prompt.name"] == "review"
    assert prompt["fastmcp.component.key"] == "prompt:review@"
    assert "gen_ai.operation.name" not in prompt
    assert "gen_ai.tool.name" not in recorded.attributes("tools/list SERVER")


def test_uris_are_no_part_of_names(recorded: Recorded) -> None:
    """There may be any number of them; which resource it was is an attribute."""
    used(server(), use_all)

    reads = [dict(s.attributes or {}) for s in recorded.all() if s.name == "resources/read"]
    assert [each["mcp.resource.uri"] for each in reads] == ["config://app"] * 2 + ["user://7"] * 2
    served = [a for a in reads if "fastmcp.component.type" in a]
    assert [(a["fastmcp.component.type"], a["fastmcp.component.key"]) for a in served] == [
        ("resource", "resource:config://app@"),
        ("resource_template", "template:user://{id}@"),
    ]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_span_says_how_the_request_travelled(recorded: Recorded, mode: str, reach: Reach) -> None:
    """Over which network, and for the client to which server; within a process over none."""
    target = reach(server())

    used(target, use_all, mode=mode)

    ours = recorded.attributes("tools/call add CLIENT")
    theirs = recorded.attributes("tools/call add SERVER")
    network = ("network.transport", "network.protocol.name")
    if not isinstance(target, str):
        assert not chosen(ours, *network, "server.address") | chosen(theirs, *network)
        return
    http = {"network.transport": "tcp", "network.protocol.name": "http"}
    port = int(target.rpartition(":")[2].partition("/")[0])
    assert chosen(theirs, *network) == http
    assert chosen(ours, *network, "server.address", "server.port") == {
        **http,
        "server.address": "127.0.0.1",
        "server.port": port,
    }
    assert ours.get("mcp.session.id") == theirs.get("mcp.session.id")


def test_a_span_says_who_asked(recorded: Recorded) -> None:
    """By the token that authenticated the caller."""
    anna = LocalIdentity(claims={}, client_id="anna", scopes=["read", "write"])

    used(FastMCPTransport(server(), identity=anna), use_all)

    attributes = recorded.attributes("tools/call add SERVER")
    assert chosen(attributes, "enduser.id", "enduser.scope") == {
        "enduser.id": "anna",
        "enduser.scope": "read write",
    }


def test_what_a_client_sends_is_kept_short(recorded: Recorded) -> None:
    """Spans wait in memory, and names of tools are at most 128 characters."""
    with http(server(), stateless_http=True) as client:
        client.modern(call("x" * 100_000, "i" * 100_000))
        client.modern(request("resources/read", uri="x://" + "y" * 100_000))
        client.post(request("z" * 100_000))

    for span in recorded.all():
        assert len(span.name) <= 256
        assert all(len(str(value)) <= 2048 for value in (span.attributes or {}).values())
        assert len(span.status.description or "") <= 2048
    assert len(recorded.all()) == 3


# What went wrong


def failing(**options: Any) -> FastMCP:
    mcp = FastMCP("Failing", **options)

    @mcp.tool
    def crash() -> None:
        raise RuntimeError("out of paper")

    @mcp.tool
    def refuse() -> None:
        raise ToolError("no such order")

    @mcp.tool
    def deny() -> None:
        raise McpError(code=-32042, message="not today")

    @mcp.tool
    def say() -> ToolResult:
        return ToolResult("it failed", is_error=True)

    @mcp.tool
    def speak_of_it() -> dict[str, Any]:
        return {"isError": True}

    @mcp.tool
    def unspeakable() -> None:
        raise Unspeakable

    @mcp.resource("x://broken")
    def broken() -> str:
        raise RuntimeError("out of ink")

    return mcp


class Unspeakable(Exception):
    """Even its text fails."""

    def __str__(self) -> str:
        raise ValueError("no text")


async def try_all(client: Client) -> None:
    for name in ("crash", "refuse", "deny", "say", "speak_of_it", "unspeakable", "missing"):
        try:
            await client.call_tool(name)
        except ToolError:
            pass
    try:
        await client.read_resource("x://broken")
    except McpError:
        pass


def told(recorded: Recorded, name: str) -> tuple[Any, Any, Any]:
    """What a span says of a failure: its kind, the code of the answer, the text."""
    span = recorded.one(name)
    attributes = span.attributes or {}
    assert span.status.status_code is (
        StatusCode.ERROR if "error.type" in attributes else StatusCode.UNSET
    )
    kind, code = attributes.get("error.type"), attributes.get("rpc.response.status_code")
    return kind, code, span.status.description


def test_a_server_says_what_went_wrong(
    recorded: Recorded, reach: Reach, caplog: pytest.LogCaptureFixture
) -> None:
    """Results that tell of an error are failures, too; masked from clients, not from spans."""
    used(reach(failing(mask_error_details=True)), try_all, mode="legacy")

    assert told(recorded, "tools/call crash SERVER") == ("tool_error", None, "out of paper")
    assert told(recorded, "tools/call refuse SERVER") == ("tool_error", None, "no such order")
    assert told(recorded, "tools/call deny SERVER") == ("-32042", "-32042", "not today")
    assert told(recorded, "tools/call say SERVER") == ("tool_error", None, None)
    assert told(recorded, "tools/call speak_of_it SERVER") == (None, None, None)
    assert told(recorded, "tools/call unspeakable SERVER")[0] == "tool_error"
    assert told(recorded, "tools/call missing SERVER")[0] == "-32602"
    assert told(recorded, "resources/read SERVER")[:2] == ("-32603", "-32603")
    for name, kind in [
        ("tools/call crash SERVER", "RuntimeError"),
        ("resources/read SERVER", "RuntimeError"),
        ("tools/call refuse SERVER", "fastmcp.exceptions.ToolError"),
    ]:
        (event,) = recorded.one(name).events
        assert (event.attributes or {})["exception.type"] == kind
    assert not recorded.one("tools/call say SERVER").events


def test_a_client_says_what_went_wrong(
    recorded: Recorded, reach: Reach, caplog: pytest.LogCaptureFixture
) -> None:
    """The error that it was answered, or that the result tells of one."""
    used(reach(failing()), try_all)

    assert told(recorded, "tools/call crash CLIENT") == ("tool_error", None, None)
    assert told(recorded, "tools/call deny CLIENT") == ("-32042", "-32042", "not today")
    assert told(recorded, "tools/call missing CLIENT")[0] == "-32602"
    assert told(recorded, "tools/call speak_of_it CLIENT") == (None, None, None)
    assert told(recorded, "resources/read CLIENT")[:2] == ("-32603", "-32603")


def test_a_request_that_no_handler_takes_has_a_span(recorded: Recorded) -> None:
    """An unknown method, and parameters that do not fit."""
    with http(server(), stateless_http=True) as client:
        client.post(request("nothing/here"))
        client.post(request("tools/call", name=5))

    assert told(recorded, "nothing/here SERVER")[:2] == ("-32601", "-32601")
    assert told(recorded, "tools/call SERVER")[:2] == ("-32602", "-32602")


def test_a_client_that_gives_up_says_so(recorded: Recorded, reach: Reach) -> None:
    """And the server, that it was made to stop."""
    mcp = FastMCP("Slow")

    @mcp.tool
    async def wait() -> None:
        await asyncio.Event().wait()

    async def use(client: Client) -> None:
        with pytest.raises(McpError):
            await client.call_tool("wait", timeout=0.3)

    used(reach(mcp), use, mode="legacy")

    assert told(recorded, "tools/call wait CLIENT")[0] == "timeout"
    assert told(recorded, "tools/call wait SERVER")[0] == "cancelled"


def test_a_handler_that_fails_says_so(
    recorded: Recorded, reach: Reach, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The span of what the server asked ends with what the client's handler raised."""
    mcp = FastMCP("Asking")

    @mcp.tool
    async def ask(ctx: Context) -> str:
        return str(await ctx.elicit("Name?", response_type=str))

    async def answer(*_: Any) -> Any:
        raise KeyError("gone")

    async def use(client: Client) -> None:
        with pytest.raises(Exception, match="gone"):
            await client.call_tool("ask")

    used(reach(mcp), use, mode=mode, elicitation_handler=answer)

    assert told(recorded, "elicitation/create SERVER")[0] == "KeyError"
    if mode == "legacy":
        assert told(recorded, "elicitation/create CLIENT")[0] == "-32603"


def test_a_request_that_takes_too_long_ends_its_span_as_it_is_answered(recorded: Recorded) -> None:
    """With the code of the error that its client gets, and not as one that was cancelled."""
    mcp = FastMCP("Slow")

    @mcp.tool
    async def wait() -> None:
        await asyncio.Event().wait()

    with http(mcp, request_timeout=0.1, stateless_http=True, json_response=True) as client:
        assert client.post(call("wait")).json()["error"]["code"] == 408

    assert recorded.attributes("tools/call wait SERVER")["error.type"] == "408"
