"""The tables of a backplane in SQLite, and what is done with them, each in a transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection
from typing import NamedTuple

from fastmcp.exceptions import ConfigurationError

_VERSION = 1
_SCHEMA = """
CREATE TABLE vals (name TEXT PRIMARY KEY, data BLOB NOT NULL, ends REAL);
CREATE INDEX vals_by_end ON vals (ends) WHERE ends IS NOT NULL;
CREATE TABLE logs (name TEXT PRIMARY KEY, ends REAL NOT NULL);
CREATE INDEX logs_by_end ON logs (ends);
CREATE TABLE entries (
    position INTEGER PRIMARY KEY AUTOINCREMENT, log TEXT NOT NULL, data BLOB NOT NULL
);
CREATE INDEX entries_by_log ON entries (log, position);
CREATE TABLE messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, data BLOB NOT NULL,
    ends REAL NOT NULL
);
CREATE INDEX messages_by_end ON messages (ends);
CREATE TABLE members (
    team TEXT NOT NULL, name TEXT NOT NULL, ends REAL NOT NULL, PRIMARY KEY (team, name)
) WITHOUT ROWID;
CREATE INDEX members_by_end ON members (ends)
"""


def has_tables(connection: sqlite3.Connection) -> bool:
    """Whether a file has them; an empty one has not."""
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, _VERSION):
        raise ConfigurationError("This SQLite file was made by another version; use another file")
    return version == _VERSION


def make_tables(connection: sqlite3.Connection) -> None:
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {_VERSION}")


def purge(connection: sqlite3.Connection) -> None:
    """Drop what is over."""
    now = time.time()
    connection.execute(
        "DELETE FROM entries WHERE log IN (SELECT name FROM logs WHERE ends <= ?)", (now,)
    )
    for table in ("vals", "logs", "messages", "members"):
        connection.execute(f"DELETE FROM {table} WHERE ends <= ?", (now,))


# Values


def get(connection: sqlite3.Connection, key: str) -> bytes | None:
    found = connection.execute(
        "SELECT data FROM vals WHERE name = ? AND (ends IS NULL OR ends > ?)", (key, time.time())
    ).fetchone()
    return None if found is None else found[0]


def put(connection: sqlite3.Connection, key: str, value: bytes, ttl: float | None) -> None:
    ends = None if ttl is None else time.time() + ttl
    connection.execute("REPLACE INTO vals VALUES (?, ?, ?)", (key, value, ends))


def add(connection: sqlite3.Connection, key: str, value: bytes, ttl: float | None) -> bool:
    if get(connection, key) is not None:
        return False
    put(connection, key, value, ttl)
    return True


def swap(
    connection: sqlite3.Connection, key: str, old: bytes, new: bytes, ttl: float | None
) -> bool:
    if get(connection, key) != old:
        return False
    put(connection, key, new, ttl)
    return True


def touch(connection: sqlite3.Connection, key: str, ttl: float) -> bool:
    now = time.time()
    touched = connection.execute(
        "UPDATE vals SET ends = ? WHERE name = ? AND (ends IS NULL OR ends > ?)",
        (now + ttl, key, now),
    )
    return touched.rowcount == 1


def delete(connection: sqlite3.Connection, key: str) -> bool:
    there = get(connection, key) is not None
    connection.execute("DELETE FROM vals WHERE name = ?", (key,))
    return there


# Logs


def append(connection: sqlite3.Connection, log: str, entry: bytes, limit: int, ttl: float) -> int:
    if not _is_there(connection, log):
        connection.execute("DELETE FROM entries WHERE log = ?", (log,))
    connection.execute("REPLACE INTO logs VALUES (?, ?)", (log, time.time() + ttl))
    added = connection.execute("INSERT INTO entries (log, data) VALUES (?, ?)", (log, entry))
    connection.execute(
        "DELETE FROM entries WHERE log = ? AND position <= (SELECT position FROM entries"
        " WHERE log = ? ORDER BY position DESC LIMIT 1 OFFSET ?)",
        (log, log, limit),
    )
    assert added.lastrowid is not None
    return added.lastrowid


def entries(connection: sqlite3.Connection, log: str, after: int) -> list[tuple[int, bytes]]:
    if not _is_there(connection, log):
        return []
    return connection.execute(
        "SELECT position, data FROM entries WHERE log = ? AND position > ? ORDER BY position",
        (log, after),
    ).fetchall()


def _is_there(connection: sqlite3.Connection, log: str) -> bool:
    [found] = connection.execute(
        "SELECT count(*) FROM logs WHERE name = ? AND ends > ?", (log, time.time())
    ).fetchone()
    return found == 1


# Topics


class Messages(NamedTuple):
    """Those of some topics, and the number of the last one of any topic."""

    last: int
    told: list[tuple[str, bytes]]


def publish(connection: sqlite3.Connection, topic: str, message: bytes, ttl: float) -> None:
    connection.execute(
        "INSERT INTO messages (topic, data, ends) VALUES (?, ?, ?)",
        (topic, message, time.time() + ttl),
    )


def last_message(connection: sqlite3.Connection) -> int:
    """The number of the last message there ever was."""
    found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'messages'").fetchone()
    return 0 if found is None else found[0]


def messages(connection: sqlite3.Connection, after: int, topics: Collection[str]) -> Messages:
    last = last_message(connection)
    if last == after:
        return Messages(last, [])
    numbers = connection.execute(
        "SELECT number, topic FROM messages WHERE number > ? ORDER BY number", (after,)
    ).fetchall()
    told: list[tuple[str, bytes]] = []
    for number, topic in numbers:
        if topic in topics:
            [data] = connection.execute(
                "SELECT data FROM messages WHERE number = ?", (number,)
            ).fetchone()
            told.append((topic, data))
    return Messages(last, told)


# Groups


def join(connection: sqlite3.Connection, group: str, member: str, limit: int, ttl: float) -> bool:
    now = time.time()
    connection.execute("DELETE FROM members WHERE ends <= ?", (now,))
    kept = connection.execute(
        "UPDATE members SET ends = ? WHERE team = ? AND name = ?", (now + ttl, group, member)
    )
    if kept.rowcount == 1:
        return True
    [others] = connection.execute(
        "SELECT count(*) FROM members WHERE team = ?", (group,)
    ).fetchone()
    if others >= limit:
        return False
    connection.execute("INSERT INTO members VALUES (?, ?, ?)", (group, member, now + ttl))
    return True


def leave(connection: sqlite3.Connection, group: str, member: str) -> None:
    connection.execute("DELETE FROM members WHERE team = ? AND name = ?", (group, member))
