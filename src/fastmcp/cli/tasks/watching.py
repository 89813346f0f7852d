"""`fastmcp tasks watch`: the tasks of a server as they change, until interrupted.

On a terminal they are a table that stays in its place, those first that run; elsewhere there is a
line for each change.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import Callable, Generator, Sequence
from importlib import import_module
from typing import Any, Final, TypeAlias

from msgspec import json

from ..terminal import print_result, rich_is_used
from .chores import act as act_once
from .place import opened
from .reading import Board
from .tables import counts, plain_line, rich_table
from .telling import Summary

PERIOD: Final = 0.5
"""Seconds from one look to the next."""

Show: TypeAlias = Callable[[Board, Sequence[Summary]], None]


def act(options: argparse.Namespace) -> int:
    """Show them until the end."""
    if options.once:
        options.command = "list"
        return act_once(options)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_watch(options))
    return 0


async def _watch(options: argparse.Namespace) -> None:
    board = Board()
    async with opened(options, board.heard) as service:
        with _showing(options) as show:
            while True:
                show(board, await board.refresh(service.store))
                await asyncio.sleep(PERIOD)


@contextlib.contextmanager
def _showing(options: argparse.Namespace) -> Generator[Show]:
    wanted = frozenset(options.status)

    def chosen(tasks: Sequence[Summary]) -> list[Summary]:
        return [each for each in tasks if not wanted or each.status in wanted]

    def print_lines(board: Board, changed: Sequence[Summary]) -> None:
        for each in chosen(changed):
            line = json.encode(each.as_object()).decode() if options.json else plain_line(each)
            print_result(line)

    if options.json or not rich_is_used():
        yield print_lines
        return
    live: Any = import_module("rich.live").Live(auto_refresh=False)
    with live:

        def show_table(board: Board, changed: Sequence[Summary]) -> None:
            rows = chosen(board.all)[: options.limit]
            live.update(rich_table(rows, counts(board.all)), refresh=True)

        yield show_table
