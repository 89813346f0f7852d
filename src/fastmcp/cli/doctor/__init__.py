"""`fastmcp doctor`: what is wrong with an installation, its surroundings, and a server."""

from __future__ import annotations

import argparse

from ..connecting import add_server_arguments
from ..parsing import show_examples


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_server_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.set_defaults(act=act)
    show_examples(parser, "fastmcp doctor", "fastmcp doctor server.py --json")


def act(options: argparse.Namespace) -> int:
    """Print what was found: 1 when there is an error."""
    from .findings import Finding, print_findings, print_findings_json
    from .installation import findings_of_installation
    from .surroundings import findings_of_surroundings

    found = [*findings_of_installation(), *findings_of_surroundings()]
    if any(each.topic == "Dependencies" and each.level == "error" for each in found):
        found.append(Finding("Server", "note", "not looked at, without all dependencies"))
    else:
        from .served import findings_of_server

        found += findings_of_server(options)
    if options.json:
        print_findings_json(found)
    else:
        print_findings(found)
    return 1 if any(each.level == "error" for each in found) else 0
