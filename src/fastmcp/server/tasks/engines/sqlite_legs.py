"""The legs that wait or run, in a table of an SQLite file; each function is one transaction.

A leg is due when it may be taken: a waiting one at its time, a running one when its lease ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

Leg: TypeAlias = tuple[str, int]
"""The id of a task, and the number of the leg."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS legs (
    queue TEXT NOT NULL, task TEXT NOT NULL, leg INTEGER NOT NULL, due REAL NOT NULL, holder TEXT,
    PRIMARY KEY (queue, task, leg)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS legs_by_due ON legs (queue, due);
CREATE INDEX IF NOT EXISTS legs_by_holder ON legs (holder) WHERE holder IS NOT NULL
"""


class Taken(NamedTuple):
    """Legs that were taken, and when the next one is due."""

    legs: list[Leg]
    next_due: float | None


def make_table(connection: sqlite3.Connection) -> None:
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)


def add(connection: sqlite3.Connection, queue: str, task: str, leg: int, due: float) -> None:
    """Have a leg wait until it is due, or until then instead; one that runs is left alone."""
    connection.execute(
        "INSERT INTO legs VALUES (?, ?, ?, ?, NULL) ON CONFLICT DO"
        " UPDATE SET due = excluded.due WHERE holder IS NULL",
        (queue, task, leg, due),
    )


def next_due(connection: sqlite3.Connection, queue: str) -> float | None:
    """When the next leg is due."""
    [due] = connection.execute("SELECT min(due) FROM legs WHERE queue = ?", (queue,)).fetchone()
    return due


def take(
    connection: sqlite3.Connection, queue: str, holder: str, now: float, until: float, most: int
) -> Taken:
    """Take some of the legs that are due, the earliest first, on a lease."""
    legs: list[Leg] = connection.execute(
        "SELECT task, leg FROM legs WHERE queue = ? AND due <= ? ORDER BY due LIMIT ?",
        (queue, now, most),
    ).fetchall()
    _set(connection, queue, legs, until, holder)
    return Taken(legs, next_due(connection, queue))


def renew(
    connection: sqlite3.Connection, queue: str, holder: str, legs: Iterable[Leg], until: float
) -> None:
    """Extend the leases of those that are still held."""
    connection.executemany(
        "UPDATE legs SET due = ? WHERE queue = ? AND task = ? AND leg = ? AND holder = ?",
        [(until, queue, task, leg, holder) for task, leg in legs],
    )


def finish(connection: sqlite3.Connection, queue: str, holder: str, leg: Leg) -> None:
    """Forget a leg that has been run."""
    connection.execute(
        "DELETE FROM legs WHERE queue = ? AND task = ? AND leg = ? AND holder = ?",
        (queue, *leg, holder),
    )


def give_back(
    connection: sqlite3.Connection, queue: str, holder: str, leg: Leg, due: float
) -> None:
    """Have a leg wait again that could not be finished."""
    connection.execute(
        "UPDATE legs SET due = ?, holder = NULL"
        " WHERE queue = ? AND task = ? AND leg = ? AND holder = ?",
        (due, queue, *leg, holder),
    )


def give_all_back(connection: sqlite3.Connection, holder: str, now: float) -> None:
    """Have everything wait again that somebody runs, or ran when he died."""
    connection.execute("UPDATE legs SET due = ?, holder = NULL WHERE holder = ?", (now, holder))


def _set(
    connection: sqlite3.Connection, queue: str, legs: Iterable[Leg], due: float, holder: str
) -> None:
    connection.executemany(
        "UPDATE legs SET due = ?, holder = ? WHERE queue = ? AND task = ? AND leg = ?",
        [(due, holder, queue, task, leg) for task, leg in legs],
    )
