"""The offers, made with the official Python SDK 2.x.

`python sdk2.py` serves stdio; with `http PORT` it serves streamable HTTP at `/mcp` and the older
HTTP+SSE at `/sse`.
"""

import asyncio
import base64
import sys
from typing import Annotated, Any

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, ListRoots, Resolve, Sample
from mcp_types import (
    Completion,
    CreateMessageResult,
    EmbeddedResource,
    EmptyResult,
    ImageContent,
    ListRootsResult,
    SamplingMessage,
    SubscribeRequestParams,
    TextContent,
    TextResourceContents,
)
from pydantic import BaseModel

server = MCPServer("offers", version="1.0")
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
    note = TextResourceContents(uri="note://1", mime_type="text/plain", text="a note")
    data = base64.b64encode(PIXEL).decode()
    return [
        TextContent(type="text", text="one"),
        ImageContent(type="image", data=data, mime_type="image/png"),
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


def colour() -> Elicit[Colour]:
    """Ask for a colour."""
    return Elicit("Which colour?", Colour)


@server.tool()
async def ask_user(answer: Annotated[ElicitationResult[Colour], Resolve(colour)]) -> str:
    """Ask the user for a colour."""
    return f"accept: {answer.data.value}" if answer.action == "accept" else answer.action


def capital() -> Sample:
    """Ask for a capital."""
    text = TextContent(type="text", text="What is the capital of France?")
    return Sample([SamplingMessage(role="user", content=text)], max_tokens=50)


@server.tool()
async def ask_model(answer: Annotated[CreateMessageResult, Resolve(capital)]) -> str:
    """Ask the client's model."""
    return f"model: {answer.content.text}"


@server.tool()
async def ask_roots(found: Annotated[ListRootsResult, Resolve(ListRoots)]) -> str:
    """Ask where the client lets us work."""
    return " ".join(str(root.uri) for root in found.roots)


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
    if (ctx.protocol_version or "") < "2026":
        await ctx.session.send_tool_list_changed()
        await ctx.session.send_prompt_list_changed()
        await ctx.session.send_resource_list_changed()
        for uri in WATCHED:
            await ctx.session.send_resource_updated(uri)
    else:
        await ctx.notify_tools_changed()
        await ctx.notify_prompts_changed()
        await ctx.notify_resources_changed()
        await ctx.notify_resource_updated("config://app")
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


async def subscribe(ctx: Any, params: SubscribeRequestParams) -> EmptyResult:
    """Remember who is to be told."""
    WATCHED.add(str(params.uri))
    return EmptyResult()


server._lowlevel_server.add_request_handler(
    "resources/subscribe", SubscribeRequestParams, subscribe
)


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
