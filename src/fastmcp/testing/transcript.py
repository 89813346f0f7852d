"""A transcript: each message between a client and a server, both ways, with its time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from msgspec import DecodeError, Struct, ValidationError, field, json

from fastmcp.exceptions import ConfigurationError

Side: TypeAlias = Literal["client", "server"]


class Entry(Struct, frozen=True):
    """One message: who sent it, when in seconds from the first one, over which of the connections
    that were opened, counted from 1. What was no JSON is a text.
    """

    at: float
    connection: int
    sender: Side = field(name="from")
    message: Any

    @property
    def members(self) -> dict[str, Any]:
        """The members of the message; empty where it is not a JSON object."""
        return as_object(self.message)


_decode = json.Decoder(Entry).decode


class Transcript:
    """The messages of a conversation, in their order. As a file it has one JSON object a line.

    There are no headers in it, so no credentials but those that are part of a message.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: list[Entry] = list(entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    @classmethod
    def load(cls, path: str | Path) -> Transcript:
        """Read a file.

        Raises:
            FileNotFoundError: there is none.
            ConfigurationError: it is no transcript; the text names the line.
        """
        entries: list[Entry] = []
        with Path(path).open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    entries.append(_decode(line))
                except (DecodeError, ValidationError) as error:
                    raise ConfigurationError(
                        f"{path}:{number} is no line of a transcript: {error}"
                    ) from None
        return cls(entries)

    def save(self, path: str | Path) -> None:
        """Write a file, in place of what is there."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(map(written, self.entries)))


def as_object(value: Any) -> dict[str, Any]:
    """A JSON object; an empty one in place of anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def written(entry: Entry) -> bytes:
    """The line of an entry."""
    return json.encode(entry) + b"\n"
