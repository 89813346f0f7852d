"""What goes into the index, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class Draft:
    """A document on its way into the index."""

    id: str
    title: str
    text: str

    @classmethod
    def of(cls, title: str, text: str) -> Draft:
        """One that is named by what it says: the same text twice is one document."""
        return cls(_digest(title, text)[:16], title, text)

    @property
    def digest(self) -> str:
        """What tells whether the document has changed."""
        return _digest(self.title, self.text)


@dataclass(frozen=True)
class Document:
    """A document that can be found."""

    id: str
    title: str
    text: str
    indexed_at: str


@dataclass(frozen=True)
class Summary:
    """A document without its text."""

    id: str
    title: str
    indexed_at: str


@dataclass(frozen=True)
class Hit:
    """A document that was found, with the words that were looked for in **bold**."""

    id: str
    title: str
    snippet: str
    score: float


@dataclass(frozen=True)
class Results:
    """The best hits first; `pending` documents were accepted and cannot be found yet."""

    hits: list[Hit]
    pending: int


@dataclass(frozen=True)
class Stats:
    """`indexed` and `unchanged` are counted since the service was opened."""

    documents: int
    pending: int
    indexed: int
    unchanged: int


@dataclass(frozen=True)
class Accepted:
    """A document that is safe on disk. It is not queued when the index has it already."""

    id: str
    queued: bool


@dataclass(frozen=True)
class Imported:
    """How far an import is; `file` is the last one that was read."""

    files: int
    total: int
    queued: int
    unchanged: int
    file: str = ""


def _digest(title: str, text: str) -> str:
    return sha256(f"{title}\0{text}".encode()).hexdigest()
