"""`fastmcp tasks`: run background tasks in a process of its own, and look after them."""

from __future__ import annotations

import argparse
from typing import Any, get_args

from fastmcp.wire.tasks import TaskStatus

from ..environments import add_environment_arguments
from ..parsing import add_command, allow_flags_between, show_examples


def configure(tasks: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    chores = tasks.add_subparsers(title="commands", metavar="COMMAND", required=True)
    worker = _command(chores, "worker", "run the tasks of a server in this process, until the end")
    worker.add_argument("--concurrency", type=int, help="how many at once (default 10)")
    worker.add_argument("--name", help="of this worker (default HOST#PROCESS)")
    worker.add_argument(
        "--metrics", metavar="[HOST:]PORT", help="where Prometheus may ask for metrics"
    )
    add_environment_arguments(worker)
    _add_listing(_command(chores, "list", "list the latest tasks"))
    shown = _command(chores, "show", "show all that is known of a task", "ID")
    shown.add_argument("--json", action="store_true", help="print it as JSON")
    for name, what in (
        ("cancel", "cancel a task, wherever it runs"),
        ("retry", "run a task once more that failed or was cancelled"),
    ):
        _command(chores, name, what, "ID")
    watch = _command(chores, "watch", "show the latest tasks, as they change")
    _add_listing(watch)
    watch.add_argument("--once", action="store_true", help="show them as they are, and end")
    show_examples(watch, "fastmcp tasks watch server.py --once --docket-url sqlite:///tasks.db")
    show_examples(tasks, "fastmcp tasks worker server.py --docket-url sqlite:///tasks.db")


def _command(chores: Any, name: str, what: str, argument: str | None = None) -> Any:
    """A command, with what says whose tasks are meant."""
    parser = add_command(chores, name, what)
    allow_flags_between(parser)
    id = "" if argument is None else " ID"
    show_examples(parser, f"fastmcp tasks {name}{id} server.py --docket-url sqlite:///tasks.db")
    if argument is not None:
        parser.add_argument(argument.lower(), metavar=argument, help="of the task")
    parser.add_argument(
        "server",
        metavar="SERVER",
        nargs="?",
        help="FILE[:OBJECT], or a fastmcp.json; by default fastmcp.json or server.py is looked for",
    )
    parser.add_argument("--docket-url", metavar="URL", help="where the tasks are kept")
    if name != "worker":
        parser.add_argument(
            "--queue", help="whose tasks, as a worker says it; then no server is looked for"
        )
    parser.set_defaults(act=_act, command=name)
    return parser


def _add_listing(parser: Any) -> None:
    parser.add_argument(
        "--status",
        action="append",
        default=[],
        choices=get_args(TaskStatus),
        help="only those of this status; may be said several times",
    )
    parser.add_argument("--limit", type=_number, default=50, help="how many at most (default 50)")
    parser.add_argument("--json", action="store_true", help="print them as JSON, one a line")


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no whole number above 0")
    return int(text)


def _act(options: argparse.Namespace) -> int:
    if options.command == "worker":
        from .worker import act
    elif options.command == "watch":
        from .watching import act
    else:
        from .chores import act
    return act(options)
