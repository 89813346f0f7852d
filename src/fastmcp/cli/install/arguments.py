"""The arguments that say which server is installed, and how it is started."""

from __future__ import annotations

import argparse

from ..environments import add_environment_arguments


def add_launch_arguments(parser: argparse.ArgumentParser, *, env: bool = True) -> None:
    """Add the arguments; variables of the environment only where `env` says so."""
    parser.add_argument(
        "server",
        metavar="SERVER",
        nargs="?",
        help="FILE[:OBJECT], or a fastmcp.json; without it that, server.py, main.py or app.py in "
        "this folder",
    )
    parser.add_argument("-n", "--name", help="what it is called there (default: its own name)")
    add_environment_arguments(parser)
    if env:
        parser.add_argument(
            "--env",
            metavar="NAME=VALUE",
            action="append",
            default=[],
            help="a variable of its environment; may be repeated",
        )
        parser.add_argument("--env-file", metavar="FILE", help="a .env file with such variables")
