"""`fastmcp call`: call a tool of a server; or read a resource, or get a prompt."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from fastmcp.exceptions import McpError, TimedOut, ToolError

from ..connecting import SERVER, add_server_arguments
from ..failing import WrongUsage
from ..parsing import allow_flags_between, show_examples
from .arguments import arguments_of, typed
from .flags import add_input, add_output
from .words import take_server

if TYPE_CHECKING:
    from fastmcp.client.client import Client
    from fastmcp.wire.features import CallToolResult


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "words",
        metavar="[SERVER] TARGET [NAME=VALUE | JSON]...",
        nargs="+",
        help="TARGET is a tool's name, or the URI of a resource. A VALUE is text where text is "
        "wanted (query=123), and else JSON (limit=5); a JSON object has several arguments. "
        f"SERVER is {SERVER}",
    )
    parser.add_argument("--prompt", action="store_true", help="TARGET is the name of a prompt")
    add_input(parser)
    add_output(parser)
    add_server_arguments(parser, positional=False, patience=None)
    parser.usage = "%(prog)s [options] [SERVER] TARGET [NAME=VALUE | JSON]..."
    parser.set_defaults(act=act)
    allow_flags_between(parser)
    show_examples(
        parser,
        "fastmcp call server.py greet name=Ada",
        """fastmcp call server.py greet '{"name": "Ada", "times": 2}'""",
        'echo \'{"name": "Ada"}\' | fastmcp call server.py greet --input-json -',
        "fastmcp call greet name=Ada --json",
        "fastmcp call server.py config://app",
        "fastmcp call server.py ask topic=tea --prompt",
        "fastmcp call --command 'python server.py' chart --output chart.png",
    )


def act(options: argparse.Namespace) -> int:
    """Print what was given: 1 when the tool failed."""
    import asyncio

    words = take_server(options, "tool to call, or the resource to read")
    texts, given = arguments_of(words, options.input_json)
    if options.prompt:
        from .prompts import get

        return asyncio.run(get(options, {**given, **texts}))
    if "://" in options.target:
        if texts or given:
            raise WrongUsage(f"{options.target} is a resource, which takes no arguments")
        from .resources import read

        return asyncio.run(read(options))
    return asyncio.run(_call(options, texts, given))


async def _call(options: argparse.Namespace, texts: dict[str, str], given: dict[str, Any]) -> int:
    from .contents import give, pieces_of
    from .speaking import speaking

    async with speaking(options, options.target) as client:
        result = await _result(client, options.target, texts, given)
    pieces = pieces_of(result.content)
    if not options.json and result.is_error:
        raise ToolError("\n".join(piece.text for piece in pieces) or "The tool failed")
    if not pieces and result.has_structured_content:
        from msgspec import json

        from .contents import Piece

        pieces = [Piece(json.encode(result.structured_content).decode())]
    give(pieces, result, options)
    return 1 if result.is_error else 0


async def _result(
    client: Client, name: str, texts: dict[str, str], given: dict[str, Any]
) -> CallToolResult:
    """What the server answers.

    Raises:
        ConfigurationError: it has no such tool.
        McpError: it answers with an error.
    """
    from .missing import missing
    from .offer import listed

    tools = {tool.name: tool for tool in await listed(client.list_tools())}
    tool = tools.get(name)
    schema = {} if tool is None else tool.input_schema
    try:
        # What is not listed may be there all the same.
        result = await client.call_tool_mcp(name, {**given, **typed(texts, schema)})
    except McpError as error:
        if tool is None and not isinstance(error, TimedOut):
            raise missing("tool", name, tools) from None
        raise
    if result.is_error and tool is None:
        raise missing("tool", name, tools)
    return result
