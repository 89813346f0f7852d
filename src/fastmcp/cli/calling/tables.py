"""What a server offers, in the tables and colours of rich."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from msgspec import json

from fastmcp.wire.lifecycle import Implementation

from ..terminal import shown, shown_in_line
from .offer import Row


def print_tables(
    info: Implementation, version: str, sections: Iterable[tuple[str, list[Row]]]
) -> None:
    """Print a table for each kind."""
    console: Any = import_module("rich").get_console()
    who = _text(f"{info.name} {info.version}", "bold")
    console.print(who.append(f"  MCP {version}", "dim"))
    for title, rows in sections:
        console.print()
        console.print(_text(title, "bold"))
        console.print(_table(rows))


def _table(rows: Iterable[Row]) -> Any:
    table: Any = import_module("rich.table").Table.grid(padding=(0, 2), pad_edge=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for row in rows:
        name, bracket, rest = row.call.partition("(")
        about = _text(row.summary)
        for which, schema in row.schemas:
            text = json.format(json.encode(schema), indent=2).decode()
            about.append(f"\n{which}: {shown(text)}", "dim")
        table.add_row(_text(name, "cyan").append(shown_in_line(bracket + rest), "dim"), about)
    return table


def _text(text: str, style: str = "") -> Any:
    return import_module("rich.text").Text(shown_in_line(text), style=style)
