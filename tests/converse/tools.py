"""Tools that converse with their client: the same source for every revision and transport.

As a program it serves standard input and output, or HTTP on the port PORT. CONVERSE_KEY
and CONVERSE_STORE are the key and the Redis server that several of its processes share.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from enum import Enum
from typing import Any

from fastmcp import Context, FastMCP
from fastmcp.server.inputs.request_state import RequestStateSecurity


class Size(Enum):
    """What a shirt can be."""

    SMALL = "s"
    LARGE = "l"


@dataclass
class Trip:
    """What a traveller fills in."""

    city: str
    days: int = 3
    window: bool = True


def shared() -> dict[str, Any]:
    """What this process has in common with others."""
    key, url = os.environ.get("CONVERSE_KEY"), os.environ.get("CONVERSE_STORE")
    options: dict[str, Any] = {}
    if key is not None:
        options["request_state_security"] = RequestStateSecurity(keys=[key])
    if url is not None:
        from key_value.aio.stores.redis import RedisStore

        options["session_state_store"] = RedisStore(url=url)
    return options


mcp = FastMCP("converse", **shared())


def told(answer: Any) -> str:
    """An answer of the user's, in words."""
    return f"{answer.action}: {answer.data}" if answer.action == "accept" else answer.action


# State


@mcp.tool
async def remember(key: str, value: int, ctx: Context) -> str:
    """Keep a number for this session."""
    await ctx.set_state(key, value)
    return "kept"


@mcp.tool
def recall(key: str, ctx: Context) -> str:
    """The number of this session, by a plain function."""
    return str(ctx.get_state(key))


# Elicitation


@mcp.tool
async def ask_colour(ctx: Context) -> str:
    """Ask for a text."""
    return told(await ctx.elicit("Which colour?", str))


@mcp.tool
def ask_number(ctx: Context) -> str:
    """Ask for a number, in a plain function."""
    return told(ctx.elicit("How many?", int))


@mcp.tool
async def ask_size(ctx: Context) -> str:
    """Ask for one member of an enum."""
    return told(await ctx.elicit("Which size?", Size))


@mcp.tool
async def ask_toppings(ctx: Context) -> str:
    """Ask for several of a list."""
    return told(await ctx.elicit("Which toppings?", [["cheese", "olives", "ham"]]))


@mcp.tool
async def ask_trip(ctx: Context) -> str:
    """Ask for the members of a class."""
    return told(await ctx.elicit("Where to?", Trip))


# Sampling


@mcp.tool
async def ask_model(ctx: Context) -> str:
    """Ask the client's model."""
    answer = await ctx.sample("What is the capital of France?", max_tokens=50)
    return f"model: {answer.text}"


ADDED: list[tuple[int, int]] = []


def add(a: int, b: int) -> int:
    """Add two numbers."""
    ADDED.append((a, b))
    return a + b


@mcp.tool
async def ask_model_with_tools(ctx: Context) -> str:
    """Let the client's model use a tool of ours; how often it ran."""
    before = await ctx.once("before", lambda: len(ADDED))
    answer = await ctx.sample("What is 2 + 3?", tools=[add])
    return f"model: {answer.text} after {len(ADDED) - before}"


@mcp.tool
async def ask_in_turns(ctx: Context) -> str:
    """Ask the user, then the model, then the user again."""
    first = await ctx.elicit("Which city?", str)
    if first.action != "accept":
        return first.action
    idea = await ctx.sample(f"What to see in {first.data}?")
    second = await ctx.elicit(f"{idea.text} Book it?", bool)
    return f"{first.data}: {idea.text} {told(second)}"


# Roots, progress, logs


@mcp.tool
async def ask_roots(ctx: Context) -> str:
    """Ask where the client lets us work."""
    return " ".join(root.uri for root in await ctx.list_roots())


@mcp.tool
async def count(ctx: Context) -> str:
    """Report progress."""
    for step in (1, 2, 3):
        await ctx.report_progress(step, 3, f"step {step}")
    return "counted"


@mcp.tool
def chatter(ctx: Context) -> str:
    """Log, in a plain function."""
    ctx.debug("a detail")
    ctx.info("some news", extra={"n": 1})
    ctx.logger.warning("a %s", "warning")
    return "logged"


# Cancellation

CALLS: dict[str, str] = {}


@mcp.tool
async def wait(name: str, ctx: Context) -> str:
    """Go on until somebody stops it."""
    CALLS[name] = "waiting"
    await ctx.report_progress(1)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        CALLS[name] = "cancelled"
        raise
    return "never"


@mcp.tool
def call_of(name: str) -> str:
    """What became of a call of `wait`."""
    return CALLS.get(name, "unknown")


if __name__ == "__main__":
    if "PORT" in os.environ:
        mcp.run("http", port=int(os.environ["PORT"]), json_response=True)
    else:
        mcp.run()
