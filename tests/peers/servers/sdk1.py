"""The offers, made with the official Python SDK 1.x.

`python sdk1.py` serves stdio; with `http PORT` it serves streamable HTTP at `/mcp` and the older
HTTP+SSE at `/sse`.
"""

import asyncio
import base64
import sys
from typing import Any

from mcp.server.fastmcp import Context, FastMCP
from mcp.server.fastmcp.exceptions import ToolError
from mcp.types import (
    Completion,
    EmbeddedResource,
    ImageContent,
    SamplingMessage,
    TextContent,
    TextResourceContents,
)
from pydantic import AnyUrl, BaseModel

server = FastMCP("offers")
CALLS: dict[str, str] = {}
WATCHED: set[str] = set()
PIXEL = b"\x89PNG\r\n"


class Colour(BaseModel):
    """What the user is asked for."""

    value: str


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
async def echo(text: str) -> str:
    """Return the text a moment later."""
    await asyncio.sleep(0.01)
    return text


@server.tool()
def fail() -> str:
    """Fail with a message that is meant for the caller."""
    raise ToolError("out of paper")


@server.tool()
def structured() -> dict[str, Any]:
    """Return an object."""
    return {"city": "Zürich", "degrees": -3.5}


@server.tool(structured_output=False)
def mixed() -> list[Any]:
    """Return a text, an image and a resource."""
    note = TextResourceContents(uri=AnyUrl("note://1"), mimeType="text/plain", text="a note")
    data = base64.b64encode(PIXEL).decode()
    return [
        TextContent(type="text", text="one"),
        ImageContent(type="image", data=data, mimeType="image/png"),
        EmbeddedResource(type="resource", resource=note),
    ]


@server.tool()
async def progress(n: int, ctx: Context) -> str:
    """Report `n` steps of progress."""
    for step in range(1, n + 1):
        await ctx.report_progress(step, n, f"step {step}")
    return "done"


@server.tool()
async def chatter(ctx: Context) -> str:
    """Log twice."""
    await ctx.info("some news")
    await ctx.warning("a warning")
    return "logged"


@server.tool()
async def ask_user(ctx: Context) -> str:
    """Ask the user for a colour."""
    answer = await ctx.elicit("Which colour?", Colour)
    return f"accept: {answer.data.value}" if answer.action == "accept" else answer.action


@server.tool()
async def ask_model(ctx: Context) -> str:
    """Ask the client's model."""
    text = TextContent(type="text", text="What is the capital of France?")
    asked = [SamplingMessage(role="user", content=text)]
    given = await ctx.session.create_message(
        asked, max_tokens=50, related_request_id=ctx.request_id
    )
    return f"model: {given.content.text}"


@server.tool()
async def ask_roots(ctx: Context) -> str:
    """Ask where the client lets us work."""
    return " ".join(str(root.uri) for root in (await ctx.session.list_roots()).roots)


@server.tool()
async def wait(name: str, ctx: Context) -> str:
    """Go on until somebody stops it."""
    CALLS[name] = "waiting"
    await ctx.report_progress(1)
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        CALLS[name] = "cancelled"
        raise
    return "never"


@server.tool()
def call_of(name: str) -> str:
    """What became of a call of `wait`."""
    return CALLS.get(name, "unknown")


@server.tool()
async def change(ctx: Context) -> str:
    """Say that the configuration and the lists have changed."""
    await ctx.session.send_tool_list_changed()
    await ctx.session.send_prompt_list_changed()
    await ctx.session.send_resource_list_changed()
    for uri in WATCHED:
        await ctx.session.send_resource_updated(AnyUrl(uri))
    return "changed"


@server.resource("config://app", mime_type="text/plain")
def config() -> str:
    """The configuration of the application."""
    return "debug=false"


@server.resource("pixel://red", mime_type="image/png")
def pixel() -> bytes:
    """A few bytes."""
    return PIXEL


@server.resource("greet://{name}", mime_type="text/plain")
def greet(name: str) -> str:
    """A greeting for one person."""
    return f"Hello, {name}!"


@server.prompt()
def review(code: str) -> str:
    """Ask for a review of some code."""
    return f"Please review: {code}"


@server.completion()
async def complete(ref: Any, argument: Any, context: Any) -> Completion:
    """Complete any argument."""
    return Completion(values=[f"{argument.value}=1", f"{argument.value}=2"])


@server._mcp_server.subscribe_resource()
async def subscribe(uri: AnyUrl) -> None:
    """Remember who is to be told."""
    WATCHED.add(str(uri))


@server._mcp_server.unsubscribe_resource()
async def unsubscribe(uri: AnyUrl) -> None:
    """Tell no more."""
    WATCHED.discard(str(uri))


def serve(port: int) -> None:
    """Serve both kinds of HTTP."""
    import uvicorn

    app = server.streamable_http_app()
    app.router.routes.extend(server.sse_app().routes)
    uvicorn.run(app, port=port, log_level="warning")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["http", port]:
            serve(int(port))
        case _:
            server.run()
