"""The index on disk: the tables of SQLite, and each thing that is done with them.

The functions block; `Connection` runs them in a thread of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from .documents import Document, Draft, Hit, Summary

T = TypeVar("T")

# How long one process waits for what another one writes, in seconds.
PATIENCE = 30.0

# `search` has no text of its own: it indexes `documents`, and the triggers keep the two in step.
SCHEMA = """
BEGIN IMMEDIATE;

CREATE TABLE IF NOT EXISTS queue (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, text TEXT NOT NULL, digest TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, text TEXT NOT NULL,
    digest TEXT NOT NULL, indexed_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS documents_by_time ON documents (indexed_at, number);
CREATE TABLE IF NOT EXISTS corpora (name TEXT PRIMARY KEY, version TEXT NOT NULL);

CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5 (
    title, text, content = documents, content_rowid = number, tokenize = 'porter unicode61');
-- Once: to write this is to fail the next search of everybody who has the file open.
INSERT INTO search (search, rank) SELECT 'rank', 'bm25(5.0, 1.0)'
    WHERE NOT EXISTS (SELECT 1 FROM search_config WHERE k = 'rank');
CREATE TRIGGER IF NOT EXISTS document_added AFTER INSERT ON documents BEGIN
    INSERT INTO search (rowid, title, text) VALUES (new.number, new.title, new.text);
END;
CREATE TRIGGER IF NOT EXISTS document_removed AFTER DELETE ON documents BEGIN
    INSERT INTO search (search, rowid, title, text)
        VALUES ('delete', old.number, old.title, old.text);
END;
CREATE TRIGGER IF NOT EXISTS document_changed AFTER UPDATE ON documents BEGIN
    INSERT INTO search (search, rowid, title, text)
        VALUES ('delete', old.number, old.title, old.text);
    INSERT INTO search (rowid, title, text) VALUES (new.number, new.title, new.text);
END;

COMMIT;
"""

# Nothing is queued that is queued or indexed just so; what waits is replaced by what is newer.
ACCEPT = """
INSERT INTO queue (id, title, text, digest) SELECT :id, :title, :text, :digest
WHERE :digest IS NOT coalesce(
    (SELECT digest FROM queue WHERE id = :id), (SELECT digest FROM documents WHERE id = :id))
ON CONFLICT (id) DO UPDATE SET
    title = excluded.title, text = excluded.text, digest = excluded.digest
"""

INDEX = """
INSERT INTO documents (id, title, text, digest, indexed_at)
SELECT id, title, text, digest, :now FROM queue WHERE true ORDER BY rowid LIMIT :limit
ON CONFLICT (id) DO UPDATE SET
    title = excluded.title, text = excluded.text,
    digest = excluded.digest, indexed_at = excluded.indexed_at
"""
UNQUEUE = """
DELETE FROM queue WHERE rowid IN (SELECT rowid FROM queue ORDER BY rowid LIMIT :limit) RETURNING id
"""

SEARCH = """
SELECT id, documents.title, snippet(search, 1, '**', '**', '…', 24), round(-rank, 3)
FROM search JOIN documents ON number = search.rowid WHERE search MATCH ? ORDER BY rank LIMIT ?
"""


class Connection:
    """A connection to the database, in a thread of its own: SQLite waits, event loops must not."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._database: sqlite3.Connection

    async def do(self, work: Callable[..., T], *args: Any) -> T:
        """Do something with the database, after what was asked for before."""
        return await self._run(lambda: work(self._database, *args))

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def __aenter__(self) -> Self:
        # IMMEDIATE: a transaction that will write waits at its beginning, not in its middle.
        self._database = await self._run(
            lambda: sqlite3.connect(self._path, timeout=PATIENCE, isolation_level="IMMEDIATE")
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._run(self._database.close)
        self._thread.shutdown()


def create(db: sqlite3.Connection) -> None:
    """Make the tables, unless they are there."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            db.execute("PRAGMA journal_mode = wal")
            break
        except sqlite3.OperationalError as error:
            # Here, and nowhere else, SQLite does not wait for another process that just does it.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    db.executescript(SCHEMA)


def accept(db: sqlite3.Connection, drafts: Iterable[Draft]) -> int:
    """Put documents into the queue; how many of them are new or changed."""
    rows = [{**vars(draft), "digest": draft.digest} for draft in drafts]
    with db:
        return db.executemany(ACCEPT, rows).rowcount


def index_some(db: sqlite3.Connection, limit: int) -> list[str]:
    """Move documents from the queue to the index, all or none; their ids."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with db:
        db.execute(INDEX, {"now": now, "limit": limit})
        return [id for (id,) in db.execute(UNQUEUE, {"limit": limit}).fetchall()]


def delete(db: sqlite3.Connection, id: str) -> bool:
    """Take a document out of the index and the queue; whether it was there."""
    with db:
        statements = ("DELETE FROM queue WHERE id = ?", "DELETE FROM documents WHERE id = ?")
        return sum(db.execute(statement, (id,)).rowcount for statement in statements) > 0


def search(db: sqlite3.Connection, expression: str, limit: int) -> list[Hit]:
    """The best hits of an FTS5 expression."""
    return [Hit(*row) for row in db.execute(SEARCH, (expression, limit))]


def get(db: sqlite3.Connection, id: str) -> Document | None:
    """A document by its id."""
    row = db.execute(
        "SELECT id, title, text, indexed_at FROM documents WHERE id = ?", (id,)
    ).fetchone()
    return row and Document(*row)


def recent(db: sqlite3.Connection, limit: int) -> list[Summary]:
    """What was indexed last, the newest first."""
    newest = "SELECT id, title, indexed_at FROM documents ORDER BY indexed_at DESC, number DESC"
    return [Summary(*row) for row in db.execute(f"{newest} LIMIT ?", (limit,))]


def counts(db: sqlite3.Connection) -> tuple[int, int]:
    """How many documents there are in the index, and in the queue."""
    return db.execute(
        "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM queue)"
    ).fetchone()


def version_of(db: sqlite3.Connection, corpus: str) -> str | None:
    """The version of a corpus that was imported to its end."""
    row = db.execute("SELECT version FROM corpora WHERE name = ?", (corpus,)).fetchone()
    return row and row[0]


def set_version(db: sqlite3.Connection, corpus: str, version: str) -> None:
    """Remember that a corpus was imported to its end."""
    with db:
        db.execute("INSERT OR REPLACE INTO corpora VALUES (?, ?)", (corpus, version))
