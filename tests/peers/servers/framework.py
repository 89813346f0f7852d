"""The offers, made with FastMCP 3.x or 4.x.

`python framework.py` serves stdio; with `http PORT` it serves streamable HTTP at `/mcp` and the
older HTTP+SSE at `/sse`.
"""

import asyncio
import base64
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import fastmcp
from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError

OLDER = fastmcp.__version__.startswith("3.")
if OLDER:
    import mcp.types as types
else:
    import mcp_types as types  # pyright: ignore[reportMissingImports]

mcp = FastMCP("offers", version="1.0", list_page_size=4)
CALLS: dict[str, str] = {}
PIXEL = b"\x89PNG\r\n"


@mcp.tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@mcp.tool
async def echo(text: str) -> str:
    """Return the text a moment later."""
    await asyncio.sleep(0.01)
    return text


@mcp.tool
def fail() -> str:
    """Fail with a message that is meant for the caller."""
    raise ToolError("out of paper")


@mcp.tool
def structured() -> dict[str, Any]:
    """Return an object."""
    return {"city": "Zürich", "degrees": -3.5}


@mcp.tool
def mixed() -> list[Any]:
    """Return a text, an image and a resource."""
    data, png = base64.b64encode(PIXEL).decode(), {"mimeType": "image/png"}
    text = {"uri": "note://1", "mimeType": "text/plain", "text": "a note"}
    return [
        types.TextContent(type="text", text="one"),
        types.ImageContent.model_validate({"type": "image", "data": data, **png}),
        types.EmbeddedResource.model_validate({"type": "resource", "resource": text}),
    ]


@mcp.tool
async def progress(n: int, ctx: Context) -> str:
    """Report `n` steps of progress."""
    for step in range(1, n + 1):
        await ctx.report_progress(step, n, f"step {step}")
    return "done"


@mcp.tool
async def chatter(ctx: Context) -> str:
    """Log twice."""
    await ctx.info("some news")
    await ctx.warning("a warning")
    return "logged"


def spoken(ctx: Context) -> str:
    """The revision of the protocol that this request is made in."""
    assert ctx.request_context is not None
    return getattr(ctx.request_context, "protocol_version", "") or ""


def question(ctx: Context, method: str, params: Any) -> Any:
    """What the client answered in this round of input; None before it was asked."""
    found = (ctx.input_responses or {}).get("asked")
    if found is not None:
        return found
    made = {"resultType": "input_required"}
    request = {"method": method, "params": params}
    return types.InputRequiredResult.model_validate({**made, "inputRequests": {"asked": request}})


@mcp.tool
async def ask_user(ctx: Context) -> Any:
    """Ask the user for a colour."""
    if spoken(ctx) < "2026":
        answer = await ctx.elicit("Which colour?", str)
        return f"accept: {answer.data}" if answer.action == "accept" else answer.action
    form = {"type": "object", "properties": {"value": {"type": "string"}}, "required": ["value"]}
    params = {"message": "Which colour?", "requestedSchema": form}
    given = question(ctx, "elicitation/create", params)
    if isinstance(given, types.InputRequiredResult):
        return given
    return f"accept: {given.content['value']}" if given.action == "accept" else given.action


@mcp.tool
async def ask_model(ctx: Context) -> Any:
    """Ask the client's model."""
    if OLDER:
        return f"model: {(await ctx.sample('What is the capital of France?')).text}"
    content = {"type": "text", "text": "What is the capital of France?"}
    messages = [{"role": "user", "content": content}]
    if spoken(ctx) < "2026":
        asked = [types.SamplingMessage.model_validate(message) for message in messages]
        given = await ctx.session.create_message(
            asked, max_tokens=50, related_request_id=ctx.request_id
        )
    else:
        params = {"messages": messages, "maxTokens": 50}
        given = question(ctx, "sampling/createMessage", params)
    return given if isinstance(given, types.InputRequiredResult) else f"model: {given.content.text}"


@mcp.tool
async def ask_roots(ctx: Context) -> Any:
    """Ask where the client lets us work."""
    if OLDER:
        found = await ctx.list_roots()
    elif spoken(ctx) < "2026":
        found = (await ctx.session.list_roots()).roots
    else:
        given = question(ctx, "roots/list", {})
        if isinstance(given, types.InputRequiredResult):
            return given
        found = given.roots
    return " ".join(str(root.uri) for root in found)


@mcp.tool
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


@mcp.tool
def call_of(name: str) -> str:
    """What became of a call of `wait`."""
    return CALLS.get(name, "unknown")


@mcp.tool
async def change(ctx: Context) -> str:
    """Say that the configuration and the lists have changed."""
    for told in (
        types.ToolListChangedNotification,
        types.PromptListChangedNotification,
        types.ResourceListChangedNotification,
    ):
        method = told.model_fields["method"].default
        await ctx.send_notification(told.model_validate({"method": method}))
    return "changed"


@mcp.resource("config://app", mime_type="text/plain")
def config() -> str:
    """The configuration of the application."""
    return "debug=false"


@mcp.resource("pixel://red", mime_type="image/png")
def pixel() -> bytes:
    """A few bytes."""
    return PIXEL


@mcp.resource("greet://{name}", mime_type="text/plain")
def greet(name: str) -> str:
    """A greeting for one person."""
    return f"Hello, {name}!"


@mcp.prompt
def review(code: str) -> str:
    """Ask for a review of some code."""
    return f"Please review: {code}"


if not OLDER:

    @mcp.completion
    def complete(ref: Any, argument: Any, context: Any) -> list[str]:
        """Complete any argument."""
        return [f"{argument.value}=1", f"{argument.value}=2"]


def serve(port: int) -> None:
    """Serve both kinds of HTTP."""
    import uvicorn
    from starlette.applications import Starlette

    apps = [mcp.http_app(), mcp.http_app(transport="sse")]

    @asynccontextmanager
    async def lifespan(app: Any) -> Any:
        async with AsyncExitStack() as stack:
            for inner in apps:
                await stack.enter_async_context(inner.lifespan(inner))
            yield

    routes = [route for app in apps for route in app.routes]
    uvicorn.run(Starlette(routes=routes, lifespan=lifespan), port=port, log_level="warning")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["http", port]:
            serve(int(port))
        case _:
            mcp.run(show_banner=False)
