"""`fastmcp auth doctor`: what is wrong with how a server has its clients authorized."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from msgspec import json

from ..failing import WrongUsage
from ..parsing import show_examples

if TYPE_CHECKING:
    from .examining.report import Report


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Walks the way to a token of a server, as its clients do, up to where a person would be "
        "asked. Sends no credentials but the token that it is given, and registers nothing."
    )
    parser.add_argument("url", metavar="URL", help="of the MCP endpoint, as clients have it")
    parser.add_argument("--auth", metavar="TOKEN", help="see whether it takes this bearer token")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.set_defaults(act=act)
    show_examples(
        parser,
        "fastmcp auth doctor https://shop.example/mcp",
        "fastmcp auth doctor https://shop.example/mcp --auth $TOKEN",
    )


def act(options: argparse.Namespace) -> int:
    """Print what was found: 1 when there is an error."""
    from ..terminal import print_result
    from .examining.examination import examine

    report = asyncio.run(examine(options.url, _token(options.auth)))
    if options.json:
        print_result(json.format(json.encode(report.as_object()), indent=2).decode())
    else:
        _print(report)
    return 1 if report.errors else 0


def _token(given: str | None) -> str | None:
    if given == "oauth":
        raise WrongUsage("--auth: nobody is signed in here; give a token, or leave it out")
    return None if given == "none" else given


def _print(report: Report) -> None:
    from ..terminal import counted, shown_in_line

    step = ""
    for finding in report.findings:
        if finding.step != step:
            step = finding.step
            print(f"\n{step}")
        print(f"  {finding.level:<8} {shown_in_line(finding.text)}")
        if finding.fix is not None:
            print(f"           -> {shown_in_line(finding.fix)}")
    if report.clients:
        print("\nClients")
    for outlook in report.clients:
        print(f"  {outlook.level:<8} {outlook.client}: {shown_in_line(outlook.text)}")
    counts = (counted(len(report.errors), "error"), counted(len(report.warnings), "warning"))
    print(f"\n{', '.join(counts)}")
