"""`fastmcp.server.telemetry` and `fastmcp.client.telemetry`, as code for FastMCP uses them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import StatusCode

from fastmcp import Client, FastMCP
from fastmcp.client.telemetry import client_span
from fastmcp.exceptions import ToolError
from fastmcp.server.telemetry import (
    SEAM_SPAN_MARKER,
    delegate_span,
    get_auth_span_attributes,
    get_protocol_span_attributes,
    get_session_span_attributes,
    record_span_exception,
    seam_span,
    server_span,
)
from fastmcp.telemetry import restore_dropped_attributes, suppress_fastmcp_telemetry
from telemetry.recorded import Recorded


def used_by_hand() -> FastMCP:
    mcp = FastMCP("Front")

    @mcp.tool
    async def work() -> None:
        with (
            server_span("tools/call x", "tools/call", "Back", "tool", "tool:x@", tool_name="x"),
            delegate_span("x", "MyProvider", "tool:x@", "tools/call"),
            client_span("prompts/get y", "prompts/get", "y", "s1", prompt_name="y"),
        ):
            trace.get_current_span().set_attribute("seen", True)

    return mcp


def call(mcp: FastMCP, tool: str, mode: str = "legacy") -> Any:
    async def main() -> Any:
        async with Client(mcp, mode=mode) as client:
            return (await client.call_tool(tool)).data

    return asyncio.run(main())


def test_spans_by_hand_stand_below_that_of_the_request(recorded: Recorded) -> None:
    """Each inside of the one before, with the names that the server's and client's own have."""
    call(used_by_hand(), "work")

    assert recorded.path("prompts/get y CLIENT")[1:] == [
        "tools/call work SERVER",
        "tools/call x SERVER",
        "delegate x",
        "prompts/get y CLIENT",
    ]
    assert recorded.attributes("prompts/get y CLIENT") == {
        "mcp.method.name": "prompts/get",
        "fastmcp.component.key": "y",
        "gen_ai.prompt.name": "y",
        "mcp.session.id": "s1",
        "seen": True,
    }
    assert recorded.attributes("delegate x") == {
        "fastmcp.provider.type": "MyProvider",
        "fastmcp.component.key": "tool:x@",
        "mcp.method.name": "tools/call",
    }
    request, own = (recorded.attributes(f"tools/call {name} SERVER") for name in ("work", "x"))
    assert own == {
        "mcp.method.name": "tools/call",
        "mcp.protocol.version": "2025-11-25",
        "mcp.session.id": request["mcp.session.id"],
        "fastmcp.server.name": "Back",
        "fastmcp.component.type": "tool",
        "fastmcp.component.key": "tool:x@",
        "gen_ai.tool.name": "x",
    }


def test_outside_of_a_request_there_is_no_more_to_tell(recorded: Recorded) -> None:
    """No caller, no session, no revision."""
    assert get_auth_span_attributes() == {}
    assert get_session_span_attributes() == {}
    assert get_protocol_span_attributes() == {}
    with seam_span("ping", "Front"):
        pass

    assert recorded.attributes("ping SERVER") == {
        SEAM_SPAN_MARKER: True,
        "mcp.method.name": "ping",
        "fastmcp.server.name": "Front",
    }


@pytest.mark.parametrize(
    ("fault", "kind"), [(ToolError("no"), "tool_error"), (KeyError("no"), "KeyError")]
)
def test_a_block_that_fails_says_so(recorded: Recorded, fault: Exception, kind: str) -> None:
    """And raises what it raised."""
    with pytest.raises(type(fault)), client_span("resources/read", "resources/read", "x://y"):
        raise fault
    with server_span("resources/read", "resources/read", "Front", "resource", "x://y") as span:
        record_span_exception(span, fault)

    for name in ("resources/read CLIENT", "resources/read SERVER"):
        made = recorded.one(name)
        assert made.status.status_code is StatusCode.ERROR
        assert (made.attributes or {})["error.type"] == kind
        assert [event.name for event in made.events] == ["exception"]


def test_without_spans_of_fastmcp_there_are_none_by_hand(recorded: Recorded) -> None:
    """And the current one stays the program's."""
    with (
        recorded.provider.get_tracer("own").start_as_current_span("own") as own,
        suppress_fastmcp_telemetry(),
        server_span("x", "ping", "Front", "tool", "x") as span,
    ):
        assert not span.is_recording()
        assert trace.get_current_span() is own

    assert recorded.names() == ["own"]


class Forgetful(Sampler):
    """Samples all, and does not pass on what spans are to begin with."""

    def should_sample(self, *args: Any, **kwargs: Any) -> SamplingResult:
        return SamplingResult(Decision.RECORD_AND_SAMPLE)

    def get_description(self) -> str:
        return "Forgetful"


def test_a_sampler_that_forgets_attributes_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the spans of servers and clients, and of one that is restored by hand."""
    recorded = Recorded(Forgetful())
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", recorded.provider)
    call(used_by_hand(), "work")
    with recorded.provider.get_tracer("own").start_as_current_span("own") as span:
        restore_dropped_attributes(span, {"one": 1})
        restore_dropped_attributes(span, {"two": 2})

    assert recorded.attributes("tools/call work SERVER")["gen_ai.tool.name"] == "work"
    assert recorded.attributes("tools/call work CLIENT")["gen_ai.tool.name"] == "work"
    assert recorded.attributes("own") == {"one": 1}
    recorded.provider.shutdown()
