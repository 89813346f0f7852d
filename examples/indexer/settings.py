"""What the environment says, read when it is needed."""

from __future__ import annotations

import os
from pathlib import Path

from .corpus import Corpus, Folder, StandardLibrary


def database() -> Path:
    """INDEXER_DB: the file of the index."""
    return Path(os.environ.get("INDEXER_DB") or Path.home() / ".cache" / "indexer" / "index.db")


def corpus() -> Corpus | None:
    """INDEXER_CORPUS: what an index begins with; "stdlib", a folder, or "none"."""
    chosen = os.environ.get("INDEXER_CORPUS") or "stdlib"
    if chosen == "none":
        return None
    return StandardLibrary() if chosen == "stdlib" else Folder(Path(chosen))


def imports() -> Path:
    """INDEXER_IMPORTS: the folder below which clients may have folders imported."""
    return Path(os.environ.get("INDEXER_IMPORTS") or ".")


def url() -> str:
    """INDEXER_URL: where the stdio proxy finds the service."""
    return os.environ.get("INDEXER_URL") or "http://127.0.0.1:8000/mcp"
