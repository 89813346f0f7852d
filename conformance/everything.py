"""The "everything server" that the official conformance suite drives, on the public FastMCP API.

Its tools, resources and prompts have the names and answers that the suite looks for.  What this
file offers needs one request and one answer; `everything_inputs.py` adds what needs more.

`python everything.py` listens on a free loopback port and prints its URL as the first line.
"""

import asyncio
import json
import socket
from pathlib import Path
from typing import Annotated, Any

import everything_inputs
import uvicorn
from mcp.types import EmbeddedResource, TextResourceContents
from pydantic import Field

from fastmcp import Context, FastMCP
from fastmcp.exceptions import McpError, ToolError
from fastmcp.prompts import Message
from fastmcp.server.event_store import EventStore
from fastmcp.server.providers.skills import SkillsDirectoryProvider
from fastmcp.tools import Tool, ToolResult
from fastmcp.utilities.types import Audio, Image

HERE = Path(__file__).resolve().parent

# One red pixel, and the header of a WAV file without samples.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c"
    "4944415478da63f8cfc0000003010100f70341430000000049454e44ae426082"
)
WAV = bytes.fromhex(
    "524946462400000057415645666d7420100000000100010044ac000088580100020010006461746100000000"
)

# The server keeps schemas as they are written, because the suite looks for their `$ref`.
mcp = FastMCP("everything", version="1.0", dereference_schemas=False)


def embedded(uri: str, mime_type: str, text: str) -> EmbeddedResource:
    """Return a text resource as a content block."""
    contents = TextResourceContents(uri=uri, mime_type=mime_type, text=text)
    return EmbeddedResource(type="resource", resource=contents)


@mcp.tool
def test_simple_text() -> str:
    """Return one text."""
    return "This is a simple text response for testing."


@mcp.tool
def test_image_content() -> Image:
    """Return one image."""
    return Image(data=PNG, format="png")


@mcp.tool
def test_audio_content() -> Audio:
    """Return one sound."""
    return Audio(data=WAV, format="wav")


@mcp.tool
def test_embedded_resource() -> EmbeddedResource:
    """Return one embedded resource."""
    return embedded("test://embedded-resource", "text/plain", "An embedded resource.")


@mcp.tool
def test_multiple_content_types() -> list[Any]:
    """Return a text, an image and a resource."""
    mixed = embedded("test://mixed-content-resource", "application/json", '{"mixed": true}')
    return ["Three kinds of content:", Image(data=PNG, format="png"), mixed]


@mcp.tool
def test_mirrored_argument(
    region: Annotated[
        str, Field(description="Where to look", json_schema_extra={"x-mcp-header": "Region"})
    ] = "",
) -> str:
    """Return an argument that a client repeats in a header."""
    return f"The region is {region}."


@mcp.tool
async def test_missing_capability(ctx: Context) -> str:
    """Refuse a client without a model."""
    if not ctx.client_capabilities.supports("sampling"):
        raise McpError(
            code=-32021,
            message="This tool needs a client with sampling",
            data={"requiredCapabilities": {"sampling": {}}},
        )
    return "The client can sample."


@mcp.tool
def test_error_handling() -> str:
    """Fail."""
    raise ToolError("This tool intentionally returns an error for testing")


@mcp.tool
async def test_tool_with_logging(ctx: Context) -> str:
    """Log three messages while working."""
    for stage in ("started", "processing data", "completed"):
        await ctx.info(f"Tool execution {stage}")
        await asyncio.sleep(0.05)
    return "Logged three messages."


@mcp.tool
async def test_logging_tool(ctx: Context) -> str:
    """Log one message, which a modern client sees only if it asked for a level."""
    await ctx.info("Logged once")
    return "Logged one message."


@mcp.tool
async def test_tool_with_progress(ctx: Context) -> str:
    """Report progress while working."""
    for percent in (0, 50, 100):
        await ctx.report_progress(percent, 100)
        await asyncio.sleep(0.05)
    return "Reported progress three times."


@mcp.tool
def test_region_header(
    region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})],
) -> str:
    """Return an argument that HTTP clients repeat in a header."""
    return region


class AddressTool(Tool):
    """A tool whose input schema is written by hand."""

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        """Return the arguments."""
        return ToolResult(json.dumps(arguments))


mcp.add_tool(
    AddressTool(
        name="json_schema_2020_12_tool",
        description="Accept what a schema with the keywords of JSON Schema 2020-12 describes.",
        parameters={
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "$defs": {
                "address": {
                    "$anchor": "address",
                    "type": "object",
                    "properties": {"town": {"type": "string"}, "country": {"type": "string"}},
                }
            },
            "properties": {
                "address": {"$ref": "#/$defs/address"},
                "parcel": {"type": "boolean"},
                "grams": {"type": "integer"},
            },
            "allOf": [{"anyOf": [{"required": ["address"]}, {"required": ["parcel"]}]}],
            "if": {"properties": {"parcel": {"const": True}}},
            "then": {"required": ["grams"]},
            "else": {"required": ["address"]},
            "additionalProperties": False,
        },
    )
)


@mcp.resource("test://static-text", mime_type="text/plain")
def static_text() -> str:
    """A text that never changes."""
    return "This is the content of the static text resource."


@mcp.resource("test://static-binary", mime_type="image/png")
def static_binary() -> bytes:
    """An image that never changes."""
    return PNG


@mcp.resource("test://watched-resource", mime_type="text/plain")
def watched_resource() -> str:
    """A text that clients subscribe to."""
    return "Watched."


@mcp.resource("test://template/{id}/data", mime_type="application/json")
def template_data(id: str) -> str:
    """The data of one item."""
    return json.dumps({"id": id, "data": f"Data of item {id}"})


@mcp.prompt
def test_simple_prompt() -> str:
    """A prompt without arguments."""
    return "This is a simple prompt for testing."


@mcp.prompt
def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    """A prompt with two arguments."""
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


@mcp.prompt
def test_prompt_with_embedded_resource(resourceUri: str) -> list[Message]:  # noqa: N803 - wire name
    """A prompt about a resource."""
    resource = embedded(resourceUri, "text/plain", "The content of the embedded resource.")
    return [Message(resource), Message("Please process the resource above.")]


@mcp.prompt
def test_prompt_with_image() -> list[Message]:
    """A prompt about an image."""
    image = Image(data=PNG, format="png").to_image_content()
    return [Message(image), Message("Please describe the image above.")]


def main() -> None:
    """Serve until killed; the listening socket accepts connections once the URL is printed."""
    everything_inputs.register(mcp)
    mcp.add_provider(SkillsDirectoryProvider(HERE / "skills", experimental_skills=True))
    app = mcp.http_app(event_store=EventStore(), retry_interval=100, host_origin_protection=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()
