"""`fastmcp inspect`: all that there is to know of a server."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..connecting import add_server_arguments
from ..environments import add_environment_arguments, environment_flags
from ..failing import WrongUsage
from ..parsing import show_examples

if TYPE_CHECKING:
    from ..calling.offer import Offer


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_server_arguments(parser)
    parser.add_argument(
        "-f",
        "--format",
        choices=("fastmcp", "mcp"),
        help="print JSON: with what FastMCP adds, or as the protocol has it",
    )
    parser.add_argument(
        "--json",
        action="store_const",
        const="fastmcp",
        dest="format",
        help="the same as --format fastmcp",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the JSON to this file")
    parser.add_argument(
        "--check",
        action="store_true",
        help="report what models will miss: descriptions, types of parameters, annotations of "
        "tools; exit code 1 where something is missing",
    )
    add_environment_arguments(parser)
    parser.set_defaults(act=act)
    show_examples(
        parser,
        "fastmcp inspect server.py",
        "fastmcp inspect --format mcp --output server.json",
        "fastmcp inspect server.py --check || echo 'something is missing'",
    )


def act(options: argparse.Namespace) -> int:
    """Print the server, or what it is missing: 1 when that is something."""
    import asyncio

    if options.check:
        if options.output is not None:
            raise WrongUsage("--check writes no file: --output is for --format")
        from .checks import report

        return report(asyncio.run(_offer(options)), as_json=options.format is not None)
    if options.format is not None or options.output is not None:
        from .formats import write

        write(asyncio.run(_offer(options)), options.format or "fastmcp", options.output)
    else:
        from .summary import print_summary

        print_summary(asyncio.run(_offer(options)))
    return 0


async def _offer(options: argparse.Namespace) -> Offer:
    from ..calling.offer import KINDS, offer_of
    from ..calling.speaking import speaking

    async with speaking(options, run=environment_flags(options)) as client:
        return await offer_of(client, KINDS)
