"""A shop for tea: the server that the examples of commands are about."""

import asyncio
import base64
from typing import Annotated, Literal

from pydantic import Field

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.utilities.types import Image

mcp = FastMCP("shop", version="1", instructions="Ask for tea.")
other = FastMCP("other", version="2")

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@mcp.tool
def greet(name: str, times: int = 1) -> str:
    """Greet somebody.

    At length.
    """
    return " ".join([f"Hello, {name}!"] * times)


@mcp.tool
def details(value: dict) -> dict:
    return value


@mcp.tool
def either(value: int | str | None) -> str:
    return f"{type(value).__name__} {value}"


@mcp.tool
def chart() -> Image:
    """Draw a chart."""
    return Image(data=DOT, format="png")


@mcp.tool
async def brew(ctx: Context, seconds: float = 2) -> str:
    """Make tea, which takes a while."""
    await ctx.info("the water is warm")
    await ctx.report_progress(1, 4, "brewing")
    await asyncio.sleep(seconds)
    return "tea"


@mcp.tool
async def order(ctx: Context, cups: Annotated[int, Field(description="How many cups")] = 1) -> str:
    """Order tea."""
    answer = await ctx.elicit("Which tea?", response_type=Literal["green", "black"])
    return f"{cups} {answer.data}" if answer.action == "accept" else answer.action


@mcp.tool
def fail() -> str:
    """Fail."""
    raise ToolError("out of paper")


@mcp.tool
def nothing() -> None:
    """Do nothing."""


@mcp.resource("config://app")
def config() -> str:
    """The configuration."""
    return '{"color": "green"}'


@mcp.resource("logo://png", mime_type="image/png")
def logo() -> bytes:
    """The logo."""
    return DOT


@mcp.resource("user://{id}")
def user(id: str) -> str:
    """One user."""
    return f"user {id}"


@mcp.prompt
def ask(topic: str) -> str:
    """Ask something."""
    return f"What of {topic}?"


if __name__ == "__main__":
    mcp.run()
