"""`fastmcp run`: serve a server, in the environment that it needs, again when its files change."""

from __future__ import annotations

import argparse

from fastmcp.settings import TRANSPORTS

from ..environments import add_environment_arguments, enter_environment
from ..parsing import show_examples
from .trailing import add_trailing_arguments


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "spec",
        metavar="SERVER",
        nargs="?",
        help="FILE[:OBJECT], a fastmcp.json, or what is to be proxied: a URL, or a file with "
        "mcpServers; by default fastmcp.json, server.py, main.py or app.py",
    )
    parser.add_argument(
        "-m",
        "--module",
        action="store_true",
        help="SERVER is a module, run as by python -m; or MODULE:OBJECT",
    )
    parser.add_argument("--no-banner", action="store_true", help="say nothing at the start")
    parser.add_argument("-l", "--log-level", type=str.upper, help="how much is logged")
    parser.add_argument("--skip-source", action="store_true", help="the program is there already")
    _add_serving(parser.add_argument_group("serving"))
    _add_reloading(parser.add_argument_group("development"))
    add_environment_arguments(parser)
    add_trailing_arguments(parser, "the server's own: what its sys.argv has behind its path")
    parser.set_defaults(act=act)
    show_examples(
        parser,
        "fastmcp run server.py",
        "fastmcp run server.py:mcp --transport http --port 9000",
        "fastmcp run server.py --reload -- --verbose",
    )


def _add_serving(group: argparse._ArgumentGroup) -> None:
    group.add_argument("-t", "--transport", choices=TRANSPORTS)
    group.add_argument("--host", help="address to bind (default 127.0.0.1)")
    group.add_argument("-p", "--port", type=int, help="port to bind (default 8000)")
    group.add_argument("--path", help="path of the endpoint (default /mcp, or /sse)")
    group.add_argument("--stateless", action="store_true", help="HTTP without sessions")
    group.add_argument("--workers", type=int, help="processes that serve HTTP (default 1)")
    group.add_argument("--health", action="store_true", help="HTTP with /health and /ready")


def _add_reloading(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--reload",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="start again when a file changes",
    )
    group.add_argument(
        "--reload-dir",
        metavar="FOLDER",
        action="append",
        help="where files are watched; may be said several times (default: the server's folder)",
    )


def act(options: argparse.Namespace) -> int:
    """Serve until the end."""
    from ..loading import target_of

    target = target_of(options.spec, module=options.module)
    if options.reload:
        from .reloading import serve_again_and_again

        return serve_again_and_again(target, options)
    from .serving import serve

    enter_environment(options, target.document)
    return serve(target, options)
