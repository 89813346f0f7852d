"""Conversation: a function that asks its client's user, model or file system, and goes on."""

from typing import Any

import pytest
from apps import served

from fastmcp import Client, Context, FastMCP


async def test_a_tool_asks_the_user() -> None:
    """And the client's handler answers, in either era."""
    # snippet: elicit
    from dataclasses import dataclass

    from fastmcp import Context, FastMCP

    mcp = FastMCP("Travel agency")

    @dataclass
    class Trip:
        city: str
        nights: int = 2

    @mcp.tool
    async def book(ctx: Context) -> str:
        answer = await ctx.elicit("Where to, and for how long?", Trip)
        if answer.action != "accept":
            return "Nothing booked"
        return f"{answer.data.nights} nights in {answer.data.city}"

    # end
    # snippet: elicitation-handler
    from fastmcp import Client

    async def ask_user(message, response_type, params, context):
        print(message)
        return response_type(city="Rome")  # or ElicitResult(action="decline")

    async with Client(mcp, elicitation_handler=ask_user) as client:
        result = await client.call_tool("book")

    assert result.data == "2 nights in Rome"
    # end
    async with Client(mcp, mode="legacy", elicitation_handler=ask_user) as client:
        assert (await client.call_tool("book")).data == "2 nights in Rome"


async def test_what_can_be_asked_for() -> None:
    """Single values and choices, too."""
    mcp = FastMCP("Travel agency")

    # snippet: types
    from enum import Enum

    class Seat(Enum):
        WINDOW = "window"
        AISLE = "aisle"

    @mcp.tool
    async def check_in(ctx: Context) -> list:
        questions = [
            ("Your name?", str),
            ("How many bags?", int),
            ("Which seat?", Seat),  # an Enum, or Literal["window", "aisle"]
            ("Which meal?", ["fish", "rice"]),  # one of these
            ("Which days?", [["Monday", "Friday"]]),  # several of these
            ("Shall we go on?", None),  # consent alone
        ]
        return [(await ctx.elicit(message, kind)).data for message, kind in questions]

    # end
    given = {"Your name?": "Ada", "How many bags?": 1, "Which seat?": "aisle"}
    given |= {"Which meal?": "rice", "Which days?": ["Friday"], "Shall we go on?": {}}

    async def ask_user(message: str, response_type: Any, params: Any, context: Any) -> Any:
        return given[message]

    async with Client(mcp, elicitation_handler=ask_user) as client:
        result = await client.call_tool("check_in")

    assert result.data == ["Ada", 1, "aisle", "rice", ["Friday"], {}]


async def test_a_tool_asks_the_model() -> None:
    """The client's model, which may use functions of the server."""
    # snippet: sample
    from fastmcp import Context, FastMCP

    mcp = FastMCP("Travel agency")

    def price(city: str) -> int:
        """What a night costs, in euros."""
        return {"Rome": 90, "Oslo": 140}[city]

    @mcp.tool
    async def advise(ctx: Context) -> str:
        answer = await ctx.sample(
            "Which of Rome and Oslo is cheaper?", tools=[price], max_tokens=200
        )
        return answer.text

    # end
    # snippet: sampling-handler
    from fastmcp import Client

    async def ask_model(messages, params, context) -> str:
        return "Rome is cheaper."  # what your model answers to the messages

    async with Client(
        mcp, sampling_handler=ask_model, sampling_capabilities={"tools": {}}
    ) as client:
        result = await client.call_tool("advise")

    assert result.data == "Rome is cheaper."
    # end


async def test_a_plain_function_asks_without_await() -> None:
    """Its thread waits."""
    mcp = FastMCP("Travel agency")

    # snippet: plain
    @mcp.tool
    def greet(ctx: Context) -> str:
        answer = ctx.elicit("Your name?", str)  # no await in a plain function
        return f"Welcome, {answer.data}"

    # end
    async with Client(mcp, elicitation_handler=lambda *_: "Ada") as client:
        assert (await client.call_tool("greet")).data == "Welcome, Ada"


async def test_a_step_runs_once() -> None:
    """However often the function is run."""
    mcp = FastMCP("Travel agency")
    # snippet: once
    paid: list[int] = []

    def pay(amount: int) -> str:
        paid.append(amount)
        return f"receipt {len(paid)}"

    @mcp.tool
    async def checkout(ctx: Context) -> str:
        receipt = await ctx.once("pay", lambda: pay(90))  # runs once
        address = await ctx.elicit("Where to send the receipt?", str)
        return f"{receipt} goes to {address.data}"

    # end
    async with Client(mcp, elicitation_handler=lambda *_: "Ada") as client:
        assert (await client.call_tool("checkout")).data == "receipt 1 goes to Ada"

    assert paid == [90]


async def test_servers_share_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that each can go on with the rounds of another."""
    monkeypatch.setenv("REQUEST_STATE_KEY", "k" * 64)

    # snippet: keys
    import os

    from fastmcp.server import RequestStateSecurity

    keys = [os.environ["REQUEST_STATE_KEY"]]  # made by secrets.token_hex(32)

    mcp = FastMCP("Travel agency", request_state_security=RequestStateSecurity(keys=keys))
    # end

    @mcp.tool
    async def greet(ctx: Context) -> str:
        return f"Welcome, {(await ctx.elicit('Your name?', str)).data}"

    with served(mcp.http_app()) as base:
        async with Client(base + "/mcp", elicitation_handler=lambda *_: "Ada") as client:
            assert (await client.call_tool("greet")).data == "Welcome, Ada"


async def test_a_tool_returns_what_it_needs() -> None:
    """The protocol's own form of it."""
    mcp = FastMCP("Travel agency")

    # snippet: demand
    from fastmcp.types import ElicitRequest, ElicitRequestFormParams, InputRequiredResult

    form = ElicitRequestFormParams(
        message="Your name?",
        requested_schema={"type": "object", "properties": {"name": {"type": "string"}}},
    )

    @mcp.tool
    async def greet(ctx: Context) -> str | InputRequiredResult:
        answered = ctx.input_responses
        if not answered:
            return InputRequiredResult(input_requests={"who": ElicitRequest(params=form)})
        return f"Welcome, {answered['who'].content['name']}"

    # end
    for mode in ("legacy", "auto"):
        client = Client(mcp, mode=mode, elicitation_handler=lambda *_: {"name": "Ada"})
        async with client:
            assert (await client.call_tool("greet")).data == "Welcome, Ada"


async def test_roots_are_asked_for() -> None:
    """Where the client lets servers work."""
    mcp = FastMCP("Travel agency")

    # snippet: roots
    @mcp.tool
    async def where(ctx: Context) -> list[str]:
        return [root.uri for root in await ctx.list_roots()]

    async with Client(mcp, roots=["file:///home/ada/trips"]) as client:
        assert (await client.call_tool("where")).data == ["file:///home/ada/trips"]
    # end


async def test_a_long_function_sees_that_nobody_waits() -> None:
    """An async one is stopped; a plain one looks."""
    import asyncio
    import threading

    mcp = FastMCP("Travel agency")
    begun, done = threading.Event(), threading.Event()

    def reserve(seat: int) -> None:
        begun.set()

    # snippet: cancelled
    @mcp.tool
    def reserve_all(seats: int, ctx: Context) -> int:
        for seat in range(seats):
            if ctx.cancelled:
                return seat  # nobody will read it
            reserve(seat)
        return seats

    # end
    @mcp.tool
    def watched(ctx: Context) -> None:
        reserve_all(10**9, ctx)
        done.set()

    async with Client(mcp) as client:
        call = asyncio.create_task(client.call_tool("watched"))
        assert await asyncio.to_thread(begun.wait, 10)
        call.cancel()
        assert await asyncio.to_thread(done.wait, 10)
