"""Tasks in a table: rich's on a terminal, where that is installed; else in plain columns."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, Final

from ..terminal import rich_is_used
from .telling import Summary, one_line

COLUMNS: Final = ("ID", "STATUS", "TARGET", "CREATED", "TOOK", "WORKER", "PROGRESS")
_STYLES: Final = {
    "working": "cyan",
    "input_required": "yellow",
    "completed": "green",
    "failed": "red",
    "cancelled": "dim",
}


def print_table(tasks: Sequence[Summary]) -> None:
    """Print a table of tasks."""
    if rich_is_used():
        import_module("rich").print(rich_table(tasks))
    else:
        print(plain_table(tasks))


def rich_table(tasks: Iterable[Summary], caption: str | None = None) -> Any:
    """The table that rich shows."""
    box: Any = import_module("rich.box")
    table: Any = import_module("rich.table").Table(
        box=box.SIMPLE_HEAD, caption=caption, caption_justify="left"
    )
    text: Any = import_module("rich.text").Text
    for name in COLUMNS:
        table.add_column(name, no_wrap=name in ("ID", "STATUS"), overflow="fold")
    for each in tasks:
        cells = [text(cell) for cell in _row(each)]
        cells[1].stylize(_STYLES[each.status])
        table.add_row(*cells)
    return table


def plain_table(tasks: Iterable[Summary]) -> str:
    """Lines of columns."""
    rows = [COLUMNS, *map(_row, tasks)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def plain_line(task: Summary) -> str:
    """One task on a line."""
    return "  ".join(cell or "-" for cell in _row(task))


def counts(tasks: Iterable[Summary]) -> str:
    """How many there are of each kind."""
    found = Counter("waiting" if each.waits else each.status for each in tasks)
    return ", ".join(f"{found[kind]} {kind}" for kind in sorted(found)) or "no tasks"


def _row(task: Summary) -> tuple[str, ...]:
    return (
        task.id,
        task.status,
        one_line(task.target),
        time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(task.created_at)),
        _took(task),
        one_line(task.worker or ""),
        task.outcome(),
    )


def _took(task: Summary) -> str:
    """How long ago it was begun, or how long it took; nothing while it waits for a worker."""
    if task.started_at is None:
        return ""
    seconds = (task.updated_at if task.ended else time.time()) - task.started_at
    if seconds < 60:
        return f"{max(seconds, 0):.1f}s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{seconds:02}s"
