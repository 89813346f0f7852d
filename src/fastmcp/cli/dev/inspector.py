"""`fastmcp dev inspector`: see and use everything of a server, in a browser."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..connecting import add_server_arguments
from ..environments import add_environment_arguments
from ..parsing import show_examples
from ..running.trailing import add_trailing_arguments


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_server_arguments(parser, patience=None)
    parser.add_argument("-m", "--module", action="store_true", help="SERVER is a module's name")
    page = parser.add_argument_group("the page")
    page.add_argument("--ui-port", type=int, metavar="PORT", help="its port (default 6274)")
    page.add_argument("--no-open", action="store_true", help="only print its address")
    page.add_argument(
        "--reload",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="start the server anew when its files change (default)",
    )
    page.add_argument(
        "--reload-dir",
        metavar="FOLDER",
        action="append",
        help="where files are watched; may be said several times (default: the server's folder)",
    )
    official = parser.add_argument_group("the official inspector, which needs Node and a network")
    official.add_argument("--official", action="store_true", help="open it instead, by npx")
    official.add_argument("--inspector-version", metavar="VERSION", help="which one")
    official.add_argument("--server-port", type=int, metavar="PORT", help="of its own proxy")
    add_environment_arguments(parser)
    add_trailing_arguments(parser, "the server's own: what its sys.argv has behind its path")
    parser.set_defaults(act=act)
    show_examples(
        parser,
        "fastmcp dev inspector server.py",
        "fastmcp dev inspector http://127.0.0.1:8000/mcp",
        "fastmcp dev inspector --command 'python server.py'",
    )


def act(options: argparse.Namespace) -> int:
    """Serve the page until the end."""
    from .target import read_target

    target = read_target(options)
    if options.official:
        from .official import run_official

        return run_official(options, target)
    from fastmcp.inspector.serving import serve

    from ..running.watching import changes

    serve(
        target,
        watched=_watched(options),
        watch=changes,
        port=options.ui_port,
        opens=not options.no_open,
    )
    return 0


def _watched(options: argparse.Namespace) -> Sequence[Path]:
    """The folders in which changes start the server anew; none of a server that is elsewhere."""
    from ..loading import is_url, split

    server: str | None = options.server
    if not options.reload or options.command is not None or (server and is_url(server)):
        return ()
    if options.reload_dir:
        return [Path(each).resolve() for each in options.reload_dir]
    file = Path(split(server)[0]) if server and not options.module else Path()
    return [file.resolve().parent if file.is_file() else Path.cwd()]
