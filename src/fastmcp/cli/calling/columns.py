"""What a server offers, in plain lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import json

from fastmcp.wire.lifecycle import Implementation

from ..terminal import shown, shown_in_line
from .offer import Row


def print_columns(
    info: Implementation, version: str, sections: Iterable[tuple[str, list[Row]]]
) -> None:
    """Print a line for each thing, below a heading for each kind."""
    print(f"{shown_in_line(f'{info.name} {info.version}')} (MCP {version})")
    for title, rows in sections:
        print(f"\n{title}:")
        for row in rows:
            print(f"  {shown_in_line(row.call)}  {shown_in_line(row.summary)}".rstrip())
            for which, schema in row.schemas:
                _print_schema(which, schema)


def _print_schema(which: str, schema: dict[str, Any]) -> None:
    text = shown(json.format(json.encode(schema), indent=2).decode())
    print("\n".join(f"    {line}" for line in f"{which}: {text}".splitlines()))
