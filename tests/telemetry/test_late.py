"""Programs that begin to trace when their server is there already."""

from __future__ import annotations

import textwrap

import pytest
from processes import run_python

BEGIN = """
def trace_now():
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    global spans
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
"""

IN_A_LIFESPAN = """
import asyncio
from contextlib import asynccontextmanager
from fastmcp import Client, FastMCP

@asynccontextmanager
async def lifespan(server):
    trace_now()
    yield

mcp = FastMCP("Late", lifespan=lifespan)

@mcp.tool
async def work() -> None: ...

http = mcp.http_app(stateless_http=True, json_response=True)  # its table of methods is made here

async def main():
    {use}

asyncio.run(main())
print(*sorted(f"{{span.name}} {{span.kind.name}}" for span in spans.get_finished_spans()))
"""

OVER_HTTP = """
    from starlette.testclient import TestClient
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "work"}}
    headers = {"accept": "application/json, text/event-stream"}
    def post():
        with TestClient(http, base_url="http://127.0.0.1") as client:
            assert client.post("/mcp", json=message, headers=headers).status_code == 200
    await asyncio.to_thread(post)
"""

IN_MEMORY = """
    async with Client(mcp, mode="legacy") as client:
        await client.call_tool("work")
"""

AFTER_A_CLIENT = """
import asyncio
from fastmcp import Client, FastMCP

mcp = FastMCP("Late")

@mcp.tool
async def work() -> None: ...

async def main():
    for turn in range(3):
        async with Client(mcp, mode="legacy") as client:
            await client.call_tool("work")
            if not turn:
                trace_now()
                await client.call_tool("work")  # of a connection that is not traced

asyncio.run(main())
print(*sorted(f"{span.name} {span.kind.name}" for span in spans.get_finished_spans()))
"""


@pytest.mark.parametrize("use", [OVER_HTTP, IN_MEMORY], ids=["http", "memory"])
def test_a_provider_that_a_lifespan_sets_up_gets_spans(use: str) -> None:
    """Though the server was made ready before, in a program that had loaded nothing."""
    done = run_python(
        "-c", BEGIN + IN_A_LIFESPAN.format(use=textwrap.dedent(use).strip().replace("\n", "\n    "))
    )

    assert done.returncode == 0, done.stderr
    assert "tools/call work SERVER" in done.stdout


def test_a_provider_that_comes_between_two_clients_gets_spans() -> None:
    """From the next that connects, each request once."""
    done = run_python("-c", BEGIN + AFTER_A_CLIENT)

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("tools/call work CLIENT") == 2
    assert done.stdout.count("tools/call work SERVER") == 2
