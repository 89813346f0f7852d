"""What stops when nobody waits for an answer any more: in both eras, on every transport."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from apps import HANDSHAKE, MODERN, request, served
from conversation import conversation

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ToolError

SECONDS = 10


class Witness:
    """Sees from outside what happens to a call."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.begun = threading.Event()
        self.over = threading.Event()

    def note(self, what: str) -> None:
        self.log.append(what)

    async def wait(self, event: threading.Event) -> None:
        """Wait for it without stopping the loop."""
        assert await asyncio.to_thread(event.wait, SECONDS)


def server(witness: Witness) -> FastMCP:
    """Tools that go on until somebody stops them."""
    mcp = FastMCP("x")

    @mcp.tool
    async def waiting(ctx: Context) -> str:
        witness.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            witness.note(f"cancelled {ctx.cancelled}")
            raise
        finally:
            witness.over.set()
        return "never"

    @mcp.tool
    def looking(ctx: Context) -> str:
        witness.note(f"cancelled {ctx.cancelled}")
        witness.begun.set()
        try:
            while not ctx.cancelled:
                threading.Event().wait(0.01)
            witness.note(f"cancelled {ctx.cancelled}")
            ctx.report_progress(1)
            witness.note("went on")
        except Exception:
            witness.note("went on, too")
        except BaseException as error:
            witness.note(type(error).__name__)
            raise
        finally:
            witness.over.set()
        return "dropped"

    @mcp.tool
    def asking(ctx: Context) -> str:
        witness.begun.set()
        try:
            return str(ctx.list_roots())
        except BaseException as error:
            witness.note(type(error).__name__)
            raise
        finally:
            witness.over.set()

    return mcp


async def give_up(target: Any, mode: str, tool: str, witness: Witness) -> None:
    """Begin a call, stop waiting for it, and see that the connection still serves."""
    async with Client(target, mode=mode) as client:
        call = asyncio.create_task(client.call_tool(tool))
        await witness.wait(witness.begun)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await witness.wait(witness.over)
        assert len(await client.list_tools()) == 3


def over_each(
    transport: str, scenario: Callable[[Any], Coroutine[Any, Any, None]], mcp: FastMCP
) -> None:
    """Run a scenario against a server in memory, or over HTTP."""

    async def bounded(target: Any) -> None:
        async with asyncio.timeout(2 * SECONDS):
            await scenario(target)

    if transport == "memory":
        asyncio.run(bounded(mcp))
    else:
        with served(mcp.http_app(json_response=transport == "json")) as base:
            asyncio.run(bounded(base + "/mcp"))


everywhere = pytest.mark.parametrize(
    ("transport", "mode"),
    [(transport, mode) for transport in ("memory", "http", "json") for mode in ("legacy", "auto")],
)


@everywhere
def test_an_async_tool_stops_at_its_next_await(transport: str, mode: str) -> None:
    """By the client's cancellation, or by its leaving where that says so."""
    witness = Witness()

    over_each(transport, lambda target: give_up(target, mode, "waiting", witness), server(witness))

    assert witness.log == ["cancelled True"]


@everywhere
def test_a_plain_tool_sees_it_and_its_next_call_of_the_context_ends_it(
    transport: str, mode: str
) -> None:
    """No `except Exception` holds that up."""
    witness = Witness()

    over_each(transport, lambda target: give_up(target, mode, "looking", witness), server(witness))

    assert witness.log == ["cancelled False", "cancelled True", "CancelledError"]


def test_a_plain_tool_that_waits_for_the_client_is_woken() -> None:
    """Its question is withdrawn, too."""
    witness = Witness()

    async def main() -> Any:
        async with conversation(server(witness), HANDSHAKE, {"roots": {}}) as talk:
            talk.send(request("tools/call", 1, name="asking", arguments={}))
            question = await talk.receive()
            talk.send(
                {
                    "jsonrpc": "2.0",
                    "method": "notifications/cancelled",
                    "params": {"requestId": 1},
                }
            )
            await witness.wait(witness.over)
            return question["id"], await talk.receive()

    asked, withdrawn = asyncio.run(main())

    assert witness.log == ["CancelledError"]
    assert withdrawn["method"] == "notifications/cancelled"
    assert withdrawn["params"]["requestId"] == asked


@pytest.mark.parametrize("revision", [HANDSHAKE, MODERN])
def test_what_a_cancelled_call_sends_afterwards_is_dropped(revision: str) -> None:
    """Its result, its logs and its progress."""
    witness = Witness()
    mcp = FastMCP("x")
    stop = threading.Event()

    @mcp.tool
    def stubborn(ctx: Context) -> str:
        witness.begun.set()
        stop.wait(SECONDS)
        ctx.logger.info("still here")
        witness.over.set()
        return "too late"

    async def main() -> Any:
        async with conversation(mcp, revision) as talk:
            talk.send(request("tools/call", 1, name="stubborn", arguments={}))
            await witness.wait(witness.begun)
            cancelled = {"requestId": 1}
            talk.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancelled})
            await asyncio.sleep(0)
            stop.set()
            await witness.wait(witness.over)
            return await talk.ask(request("tools/list", 2))

    assert asyncio.run(main())["id"] == 2


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("asks", [False, True])
def test_a_plain_tool_that_takes_too_long_is_ended_by_its_next_call_of_the_context(
    mode: str, asks: bool
) -> None:
    """The caller has its answer by then."""
    witness = Witness()
    mcp = FastMCP("x")
    gate = threading.Event()

    @mcp.tool(timeout=0.05)
    def slow(ctx: Context) -> str:
        gate.wait(SECONDS)
        witness.note(f"cancelled {ctx.cancelled}")
        try:
            ctx.info("still here") if asks else ctx.report_progress(1)
        except BaseException as error:
            witness.note(type(error).__name__)
            raise
        finally:
            witness.over.set()
        return "dropped"

    async def main() -> None:
        async with Client(mcp, mode=mode) as client:
            with pytest.raises(ToolError, match="timed out"):
                await client.call_tool("slow")
            gate.set()
            await witness.wait(witness.over)

    asyncio.run(main())

    assert witness.log == ["cancelled True", "CancelledError"]
