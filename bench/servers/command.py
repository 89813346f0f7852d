"""What the servers of all who are written in Python take on their command line.

stdio
http [--stateless] [--json] [--loop …] [--http …]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

MakeApp = Callable[[bool, bool], Any]
"""An ASGI app; the arguments are whether it is without sessions, and whether it answers in JSON."""


def main(run_stdio: Callable[[], None], make_app: MakeApp) -> None:
    """Serve as the command line says. A cold start is not to import what only HTTP needs."""
    if sys.argv[1] == "stdio":
        run_stdio()
        return

    import argparse

    from serve import add_options, serve

    parser = argparse.ArgumentParser()
    parser.add_argument("transport", choices=["http"])
    parser.add_argument("--stateless", action="store_true")
    parser.add_argument("--json", action="store_true")
    add_options(parser)
    options = parser.parse_args()
    serve(make_app(options.stateless, options.json), options)
