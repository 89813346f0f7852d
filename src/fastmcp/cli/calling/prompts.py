"""`fastmcp prompt`: get a prompt of a server."""

from __future__ import annotations

import argparse
from typing import Any

from fastmcp.exceptions import McpError, TimedOut

from ..connecting import SERVER, add_server_arguments
from ..parsing import allow_flags_between, show_examples
from .arguments import arguments_of
from .flags import add_input, add_output
from .words import take_server


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "words",
        metavar="[SERVER] NAME [NAME=VALUE | JSON]...",
        nargs="+",
        help=f"the prompt's name, and its arguments. SERVER is {SERVER}",
    )
    add_input(parser)
    add_output(parser)
    add_server_arguments(parser, positional=False, patience=None)
    parser.usage = "%(prog)s [options] [SERVER] NAME [NAME=VALUE | JSON]..."
    parser.set_defaults(act=act)
    allow_flags_between(parser)
    show_examples(
        parser,
        "fastmcp prompt server.py ask topic=tea",
        "fastmcp prompt ask topic=tea --json",
    )


def act(options: argparse.Namespace) -> int:
    """Print the prompt."""
    import asyncio

    words = take_server(options, "prompt to get")
    texts, given = arguments_of(words, options.input_json)
    return asyncio.run(get(options, {**given, **texts}))


async def get(options: argparse.Namespace, arguments: dict[str, Any]) -> int:
    """Print the messages of the prompt `options.target`.

    Raises:
        ConfigurationError: there is none.
        McpError: the server answers with an error.
    """
    from msgspec import structs

    from .contents import Piece, give, pieces_of
    from .missing import missing
    from .offer import listed
    from .speaking import speaking

    name: str = options.target
    async with speaking(options, name) as client:
        try:
            result = await client.get_prompt_mcp(name, arguments)
        except McpError as error:
            known = [each.name for each in await listed(client.list_prompts())]
            if isinstance(error, TimedOut) or name in known:
                raise
            raise missing("prompt", name, known) from error
    pieces: list[Piece] = []
    for message in result.messages:
        [piece] = pieces_of([message.content])
        pieces.append(structs.replace(piece, text=f"{message.role}: {piece.text}"))
    give(pieces, result, options)
    return 0
