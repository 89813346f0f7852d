"""`fastmcp auth`: look after authorization."""

from __future__ import annotations

import argparse

from ..parsing import add_command, show_examples
from . import cimd, doctor


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    chores = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, what, chore in (
        ("doctor", "walk the way to a token of a server, and say what is wrong", doctor),
        ("cimd", "metadata documents of clients, whose URLs are the ids of the clients", cimd),
    ):
        chore.configure(add_command(chores, name, what))
    show_examples(parser, "fastmcp auth cimd create --name Shop -r http://localhost:3000/callback")
