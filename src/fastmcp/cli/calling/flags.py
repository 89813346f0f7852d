"""The flags that calling, reading and prompting have in common."""

from __future__ import annotations

import argparse


def add_input(parser: argparse.ArgumentParser) -> None:
    """Add the flag that has all arguments in one."""
    parser.add_argument(
        "--input-json",
        metavar="JSON|@FILE|-",
        help="a JSON object with arguments, in a file, or on standard input (-)",
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say what becomes of what is given."""
    parser.add_argument("--json", action="store_true", help="print it all, as the protocol has it")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write images, audio and other binary pieces, or else the text, to this file; several "
        "get numbers; - is standard output",
    )
