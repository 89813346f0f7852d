"""The `fastmcp` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from fastmcp._version import VERSION
from fastmcp.exceptions import FastMCPError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(prog="fastmcp", description="Serve and call MCP servers.")
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    from . import auth, call, run, tasks

    run.add_parser(commands)
    call.add_parsers(commands)
    auth.add_parser(commands)
    tasks.add_parser(commands)
    options = parser.parse_args(argv)
    if options.version:
        print(VERSION)
        return 0
    if not hasattr(options, "act"):
        parser.print_help()
        return 2
    try:
        return options.act(options)
    except (FastMCPError, ValueError, TypeError, OSError) as error:
        from .terminal import shown

        print(f"fastmcp: {shown(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
