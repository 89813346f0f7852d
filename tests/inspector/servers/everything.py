"""A server with something of everything that an inspector shows; it runs with FastMCP 4, too."""

from __future__ import annotations

import asyncio
import base64
import datetime
import enum
import sys
from importlib.util import find_spec
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from fastmcp import Context, FastMCP
from fastmcp.utilities.types import Audio, Image

mcp = FastMCP("Everything", instructions="It has a **tool** of each kind.", version="1.2.3")
if find_spec("fastmcp_tasks") and find_spec("mcp"):
    from fastmcp_tasks import TasksExtension

    mcp.add_extension(TasksExtension())

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6o"
    "AAAAAElFTkSuQmCC"
)
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"
PAGE = """<!doctype html><title>clock</title><p id=time>-</p><p id=sum>-</p><p id=reach>-</p>
<button id=add>Add</button>
<script>
let last = 0;
const waiting = {};
const ask = (method, params) => new Promise((resolve) => {
  waiting[++last] = resolve;
  parent.postMessage({ jsonrpc: '2.0', id: last, method, params }, '*');
});
const tell = (method, params) => parent.postMessage({ jsonrpc: '2.0', method, params }, '*');
addEventListener('message', ({ data }) => {
  if (waiting[data.id]) waiting[data.id](data);
  if (data.method === 'ui/notifications/tool-result') {
    time.textContent = data.params.structuredContent.time;
  }
});
const tried = async (what) => {
  try {
    await what();
    return 'reached';
  } catch {
    return 'refused';
  }
};
add.onclick = async () => {
  const { result } = await ask('tools/call', { name: 'add', arguments: { a: 2, b: 3 } });
  sum.textContent = result.structuredContent.result;
};
(async () => {
  const { result } = await ask('ui/initialize', {
    protocolVersion: '2026-01-26',
    appInfo: { name: 'clock', version: '1' },
    appCapabilities: {},
  });
  tell('ui/notifications/initialized', {});
  tell('ui/notifications/size-changed', { width: 300, height: 123 });
  reach.textContent = [
    await tried(() => fetch('https://example.org/')),
    await tried(() => parent.document.body),
    await tried(() => localStorage.length),
    result.hostContext.displayMode,
  ].join(' ');
})();
</script>"""


class Address(BaseModel):
    """A part of a form."""

    street: str = Field(description="Street and number")
    city: str = "Berlin"
    zip: Annotated[str, Field(pattern=r"^\d{5}$")] = "10115"


class Colour(enum.Enum):
    """A choice."""

    red = "red"
    green = "green"


class Booking(BaseModel):
    """What the person is asked for."""

    guests: Annotated[int, Field(ge=1, le=8)]
    table: Literal["inside", "garden"] = "inside"


@mcp.tool
def add(a: int, b: Annotated[int, Field(description="The second number", ge=0, le=100)] = 2) -> int:
    """Add two numbers."""
    return a + b


@mcp.tool
def routed(city: Annotated[str, Field(json_schema_extra={"x-mcp-header": "City"})]) -> str:
    """An argument that a header repeats."""
    return f"by {city}"


@mcp.tool(annotations={"readOnlyHint": True, "title": "Everything a form can have"})
def form(
    name: Annotated[str, Field(min_length=2, max_length=20, description="Who you are")],
    age: Annotated[int, Field(ge=0, le=150)],
    ratio: float = 0.5,
    active: bool = True,
    colour: Colour = Colour.green,
    size: Literal["S", "M"] = "M",
    tags: list[str] = ["one"],  # noqa: B006 - a default of the schema
    address: Address | None = None,
    when: datetime.datetime | None = None,
    either: int | str = 3,
    people: list[Address] = [],  # noqa: B006 - a default of the schema
    extra: dict[str, int] = {},  # noqa: B006 - a default of the schema
) -> dict[str, Any]:
    """Give back what was given."""
    return {
        "name": name,
        "age": age,
        "ratio": ratio,
        "active": active,
        "colour": colour.value,
        "size": size,
        "tags": tags,
        "address": address and address.model_dump(),
        "when": when and when.isoformat(),
        "either": either,
        "people": [each.model_dump() for each in people],
        "extra": extra,
    }


@mcp.tool(task=True)
async def slow(ctx: Context, steps: int = 3, pause: float = 0.05) -> str:
    """Count slowly, with progress and logs."""
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps, f"step {step}")
        await ctx.info(f"at step {step}")
        await asyncio.sleep(pause)
    return "counted"


@mcp.tool(task=True)
async def later() -> str:
    """Be done a moment later."""
    await asyncio.sleep(0.3)
    return "done later"


@mcp.tool
def picture() -> Image:
    """A picture."""
    return Image(data=base64.b64decode(PNG), format="png")


@mcp.tool
def sound() -> Audio:
    """A sound."""
    return Audio(data=b"RIFF\0\0\0\0WAVE", format="wav")


@mcp.tool
def fail(reason: str = "just so") -> str:
    """Fail."""
    raise ValueError(reason)


@mcp.tool(description=f"Markup: {MARKUP}")
def markup() -> str:
    """Give markup that nobody may render."""
    return MARKUP


@mcp.tool
async def book(ctx: Context) -> str:
    """Ask for a form."""
    answer = await ctx.elicit("A table for how many?", response_type=Booking)
    return f"{answer.action}: {getattr(answer, 'data', None)}"


@mcp.tool
async def visit(ctx: Context) -> str:
    """Ask for a visit of a page."""
    answer = await ctx.elicit_url("Pay there", url="https://pay.example/1", elicitation_id="1")
    return str(answer.action)


@mcp.tool
async def think(about: str, ctx: Context) -> str:
    """Ask the model."""
    answer = await ctx.sample(f"What about {about}?", system_prompt="Be short.", max_tokens=50)
    return str(answer.text)


def weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


@mcp.tool
async def forecast(ctx: Context) -> str:
    """Ask a model that may call a tool."""
    answer = await ctx.sample("What is the weather?", tools=[weather])
    return f"forecast: {answer.text}"


@mcp.tool
async def where(ctx: Context) -> list[str]:
    """Ask for the roots."""
    return [str(root.uri) for root in await ctx.list_roots()]


@mcp.tool
async def grow() -> str:
    """Offer another tool."""

    def more() -> str:
        return "more"

    mcp.tool(more)
    return "grown"


@mcp.tool
def leave() -> str:
    """End the process, without an answer."""
    import os

    print("The server leaves", file=sys.stderr, flush=True)
    os._exit(3)


@mcp.tool(app={"resourceUri": "ui://clock"})
def clock(city: str = "Oslo") -> dict[str, str]:
    """A tool with an interface."""
    return {"city": city, "time": "12:34"}


@mcp.resource("ui://clock")
def clock_page() -> str:
    """The interface."""
    return PAGE


@mcp.resource("data://config", mime_type="application/json")
def config() -> dict[str, Any]:
    """The configuration."""
    return {"debug": True, "nested": {"list": [1, 2, {"deep": "value"}]}}


@mcp.tool
async def touch() -> str:
    """Say that the configuration has changed."""
    mcp.notify_resource_updated("data://config")
    return "touched"


@mcp.resource("users://{city}/{user}")
def user(city: str, user: str) -> str:
    """A user."""
    return f"{user} of {city}"


@mcp.prompt
def greet(name: str, style: str = "kind") -> str:
    """Greet somebody."""
    return f"Greet {name} in a {style} way."


@mcp.completion
async def complete(ref: Any, argument: Any, context: Any) -> list[str]:
    """Names, and places."""
    known = ("Ada", "Alan", "Berlin", "Bergen", "kind")
    return [each for each in known if each.lower().startswith(argument.value.lower())]


if __name__ == "__main__":
    mcp.run()
