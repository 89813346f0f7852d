"""`fastmcp discover`: the servers that programs on this computer use; of a server, what it has."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from .parsing import show_examples
from .terminal import rich_is_used, shown_in_line

if TYPE_CHECKING:
    from .install.discovery import ConfiguredServer

COLUMNS: Final = ("NAME", "PROGRAM", "SCOPE", "HOW", "FILE")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments: those of `inspect`, which it is when a server is given."""
    from . import inspecting

    inspecting.configure(parser)
    parser.add_argument(
        "--source",
        metavar="PROGRAM",
        action="append",
        help="without a server: only those of this program; may be repeated",
    )
    parser.add_argument(
        "--names", action="store_true", help="without a server: only the names, a line each"
    )
    parser.set_defaults(act=act)
    show_examples(
        parser,
        "fastmcp discover",
        "fastmcp discover --source cursor --source project --json",
        "fastmcp discover server.py",
    )


def act(options: argparse.Namespace) -> int:
    """Print the servers that are configured here, or all that there is to know of one."""
    if options.server is not None or options.command is not None:
        from . import inspecting

        _refuse_about_many(options)
        if options.format is None and not options.check:
            options.format = "fastmcp"  # discovery is of all that there is, schemas and all
        return inspecting.act(options)
    if options.check or options.output is not None:
        from .failing import WrongUsage

        raise WrongUsage("--check and --output are about one server: name it")
    from .install.discovery import configured_servers, program_named

    programs = None if options.source is None else [program_named(e) for e in options.source]
    found = list(configured_servers(programs, complain=_complain))
    if options.names:
        print(
            "".join(f"{shown_in_line(name)}\n" for name in dict.fromkeys(e.name for e in found)),
            end="",
        )
    elif options.format is not None:
        import json

        print(json.dumps([_document(each) for each in found], indent=2))
    elif found:
        _print_table([_row(each) for each in found])
    else:
        print("fastmcp: no servers are configured here", file=sys.stderr)
    return 0


def _refuse_about_many(options: argparse.Namespace) -> None:
    from .failing import WrongUsage

    if options.names or options.source is not None:
        raise WrongUsage("--source and --names are about configured servers: name no other one")


def _complain(text: str) -> None:
    print(f"fastmcp: {shown_in_line(text)}", file=sys.stderr)


def _document(server: ConfiguredServer) -> dict[str, Any]:
    """What may be known of a server: of its environment and headers the names alone."""
    entry = server.entry
    how = _transport(server)
    document: dict[str, Any] = {
        "name": server.name,
        "source": server.source,
        "scope": server.scope,
        "path": str(server.path),
        "transport": how,
        "disabled": server.is_disabled,
    }
    if how == "stdio":
        document |= {"command": entry["command"], "args": _list(entry.get("args"))}
        document["env"] = list(_names(entry.get("env")))
    else:
        document |= {"url": _url(entry), "headers": list(_names(entry.get("headers")))}
    return document


def _row(server: ConfiguredServer) -> tuple[str, ...]:
    document = _document(server)
    if document["transport"] == "stdio":
        how = " ".join([document["command"], *map(str, document["args"])])
    else:
        how = f"{document['transport']} {document['url']}"
    state = " (disabled)" if server.is_disabled else ""
    cells = (server.name + state, server.source, server.scope, how, str(server.path))
    return tuple(shown_in_line(cell) for cell in cells)


def _transport(server: ConfiguredServer) -> str:
    entry = server.entry
    if isinstance(entry.get("command"), str):
        return "stdio"
    named = entry.get("transport") or entry.get("type")
    if named is None and "httpUrl" not in entry and "/sse" in _url(entry):
        return "sse"
    return "sse" if named == "sse" else "http"


def _url(entry: dict[str, Any]) -> str:
    """The address of a server, without what could be a secret in it."""
    url = next((entry[key] for key in ("url", "httpUrl", "serverUrl") if key in entry), "")
    try:
        parts = urlsplit(str(url))
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    return parts._replace(netloc=host, query="…" if parts.query else "", fragment="").geturl()


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _names(value: Any) -> Sequence[str]:
    return tuple(cast("dict[str, Any]", value)) if isinstance(value, dict) else ()


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    if rich_is_used():
        _print_rich(rows)
        return
    whole = [COLUMNS, *rows]
    widths = [max(len(row[place]) for row in whole) for place in range(len(COLUMNS))]
    for row in whole:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _print_rich(rows: Sequence[tuple[str, ...]]) -> None:
    from importlib import import_module

    box: Any = import_module("rich.box")
    table: Any = import_module("rich.table").Table(box=box.SIMPLE_HEAD)
    text: Any = import_module("rich.text").Text
    for name in COLUMNS:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(text(cell) for cell in row))
    import_module("rich").print(table)
