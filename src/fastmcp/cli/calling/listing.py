"""`fastmcp list`: what a server offers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..connecting import add_server_arguments
from ..parsing import show_examples
from ..terminal import print_json, rich_is_used

if TYPE_CHECKING:
    from .offer import Offer


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_server_arguments(parser)
    for kind in ("tools", "resources", "prompts"):
        parser.add_argument(f"--{kind}", action="store_true", help=f"list {kind}; not all kinds")
    parser.add_argument("--input-schema", action="store_true", help="with what each tool takes")
    parser.add_argument("--output-schema", action="store_true", help="with what each tool gives")
    parser.add_argument("--json", action="store_true", help="print it all, as the protocol has it")
    parser.set_defaults(act=act)
    show_examples(
        parser,
        "fastmcp list server.py",
        "fastmcp list --tools --input-schema",
        "fastmcp list server.py:other --json",
        "fastmcp list --command 'python server.py' --resources --prompts",
    )


def act(options: argparse.Namespace) -> int:
    """Print tools, resources and prompts."""
    import asyncio

    from .offer import sections_of

    offer = asyncio.run(_offer(options))
    if options.json:
        from msgspec import json

        print_json(json.encode(offer))
        return 0
    if rich_is_used():
        from .tables import print_tables as print_sections
    else:
        from .columns import print_columns as print_sections
    sections = sections_of(
        offer, input_schema=options.input_schema, output_schema=options.output_schema
    )
    print_sections(offer.server_info, offer.protocol_version, sections)
    return 0


async def _offer(options: argparse.Namespace) -> Offer:
    from .offer import KINDS, offer_of
    from .speaking import speaking

    kinds = [kind for kind in KINDS if getattr(options, kind)]
    async with speaking(options) as client:
        return await offer_of(client, kinds or KINDS)
