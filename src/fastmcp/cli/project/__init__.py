"""`fastmcp project`: the environment of a project, prepared, and the schema of its file."""

from __future__ import annotations

import argparse
from typing import Any

from ..parsing import add_command, show_examples


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_prepare(commands)
    _add_schema(commands)
    show_examples(parser, "fastmcp project schema")


def _add_prepare(commands: Any) -> None:
    what = "install what a fastmcp.json asks for, into a folder that `run --project` takes"
    prepare = add_command(commands, "prepare", what, what[0].upper() + what[1:])
    prepare.add_argument(
        "config", metavar="CONFIG", nargs="?", help="the file (default: fastmcp.json)"
    )
    prepare.add_argument("out", metavar="OUT", nargs="?", help="the folder of the project")
    prepare.add_argument("--output-dir", metavar="OUT", help="the same")
    prepare.add_argument("--skip-source", action="store_true", help="the program is there already")
    prepare.set_defaults(act=_prepare)
    show_examples(prepare, "fastmcp project prepare fastmcp.json --output-dir environment")


def _add_schema(commands: Any) -> None:
    what = "print the JSON Schema of fastmcp.json"
    schema = add_command(commands, "schema", what, what[0].upper() + what[1:])
    schema.add_argument("-o", "--output", metavar="FILE", help="where it is written instead")
    schema.set_defaults(act=_schema)
    show_examples(schema, "fastmcp project schema", "fastmcp project schema -o schema.json")


def _prepare(options: argparse.Namespace) -> int:
    from .preparing import act

    return act(options)


def _schema(options: argparse.Namespace) -> int:
    from fastmcp.configuration.schema import FILE

    if options.output is None:
        print(FILE.read_text("utf-8"), end="")
        return 0
    from pathlib import Path

    Path(options.output).write_text(FILE.read_text("utf-8"), "utf-8")
    return 0
