"""What a server gave, printed or written to files."""

from __future__ import annotations

import argparse
import base64
import binascii
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, json

from fastmcp.exceptions import ConfigurationError
from fastmcp.wire.content import (
    AudioContent,
    BlobResourceContents,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from ..terminal import print_json, print_result, shown_in_line


class Piece(Struct, frozen=True):
    """One piece of what was given: a `text` that stands for it and, where it is binary, `data`,
    unless that `is_broken`.
    """

    text: str
    data: bytes | None = None
    is_broken: bool = False


def give(pieces: Sequence[Piece], document: Any, options: argparse.Namespace) -> None:
    """Print pieces, or the whole `document` as JSON; write what shall be written.

    Raises:
        ConfigurationError: a file cannot be written.
    """
    if options.output is not None:
        _write(pieces, options.output)
        pieces = [piece for piece in pieces if piece.data is None] if _has_data(pieces) else ()
    if options.json:
        print_json(json.encode(document))
        return
    for piece in pieces:
        _print(piece.text)


def _print(text: str) -> None:
    """Print a text; one that is a JSON object or array more legibly, on a terminal."""
    if sys.stdout.isatty() and text.lstrip()[:1] in ("{", "["):
        try:
            print_json(text.encode())
            return
        except ValueError:
            pass
    print_result(text)


def pieces_of(blocks: Iterable[Any]) -> list[Piece]:
    """The pieces that content blocks and resource contents are."""
    return [_piece(block) for block in blocks]


def _piece(block: Any) -> Piece:
    match block:
        case TextContent() | TextResourceContents():
            return Piece(block.text)
        case ImageContent():
            return _binary("image", block.mime_type, block.data)
        case AudioContent():
            return _binary("audio", block.mime_type, block.data)
        case BlobResourceContents():
            return _binary(block.uri, block.mime_type, block.blob)
        case EmbeddedResource():
            return _piece(block.resource)
        case ResourceLink():
            return Piece(f"[{block.name}: {block.uri}]")
        case _:
            return Piece(json.encode(block).decode())


def _binary(what: str, mime_type: str | None, encoded: str) -> Piece:
    kind = "" if mime_type is None else f" {mime_type}"
    try:
        data = base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        return Piece(f"[{what}{kind}, which is not base64]", is_broken=True)
    return Piece(f"[{what}{kind}, {size(len(data))}; --output FILE writes it]", data)


def size(number: int) -> str:
    """A number of bytes, for people."""
    amount = float(number)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.{0 if unit == 'bytes' else 1}f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def _has_data(pieces: Iterable[Piece]) -> bool:
    return any(piece.data is not None for piece in pieces)


def _write(pieces: Sequence[Piece], to: str) -> None:
    if broken := [piece.text for piece in pieces if piece.is_broken]:
        raise ConfigurationError(f"Nothing was written: the server sent {', '.join(broken)}")
    found = [piece.data for piece in pieces if piece.data is not None]
    if not found:
        found = ["\n".join(piece.text for piece in pieces).encode()]
    if to == "-":
        for data in found:
            sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    path = Path(to)
    for number, data in enumerate(found, 1):
        place = path if len(found) == 1 else path.with_stem(f"{path.stem}-{number}")
        try:
            place.write_bytes(data)
        except OSError as error:
            raise ConfigurationError(f"{place} cannot be written: {error.strerror}") from None
        print(f"wrote {shown_in_line(str(place))}, {size(len(data))}", file=sys.stderr)
