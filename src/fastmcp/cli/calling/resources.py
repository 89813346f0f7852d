"""`fastmcp read`: read a resource of a server."""

from __future__ import annotations

import argparse

from fastmcp.exceptions import INVALID_PARAMS, METHOD_NOT_FOUND, RESOURCE_NOT_FOUND, McpError

from ..connecting import SERVER, add_server_arguments
from ..failing import WrongUsage
from ..parsing import allow_flags_between, show_examples
from .flags import add_output
from .words import take_server


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "words", metavar="[SERVER] URI", nargs="+", help=f"of the resource. SERVER is {SERVER}"
    )
    add_output(parser)
    add_server_arguments(parser, positional=False, patience=None)
    parser.usage = "%(prog)s [options] [SERVER] URI"
    parser.set_defaults(act=act)
    allow_flags_between(parser)
    show_examples(
        parser,
        "fastmcp read server.py config://app",
        "fastmcp read user://7 --json",
        "fastmcp read server.py logo://png --output logo.png",
    )


def act(options: argparse.Namespace) -> int:
    """Print the resource."""
    import asyncio

    if more := take_server(options, "URI to read"):
        raise WrongUsage(f"{more[0]!r} is one argument too many: a resource has its URI alone")
    return asyncio.run(read(options))


async def read(options: argparse.Namespace) -> int:
    """Print the resource at the URI `options.target`.

    Raises:
        ConfigurationError: there is none.
        McpError: the server answers with an error.
    """
    from fastmcp.resources.template import match_uri_template

    from .contents import give, pieces_of
    from .missing import missing
    from .offer import listed
    from .speaking import speaking

    uri: str = options.target
    async with speaking(options, uri) as client:
        try:
            result = await client.read_resource_mcp(uri)
        except McpError as error:
            if error.code not in (INVALID_PARAMS, METHOD_NOT_FOUND, RESOURCE_NOT_FOUND):
                raise
            known = [each.uri for each in await listed(client.list_resources())]
            templates = await listed(client.list_resource_templates())
            answers = [match_uri_template(uri, each.uri_template) for each in templates]
            if uri in known or any(each is not None for each in answers):
                raise  # the server has said what it misses
            known += [each.uri_template for each in templates]
            raise missing("resource", uri, known) from error
    give(pieces_of(result.contents), result, options)
    return 0
