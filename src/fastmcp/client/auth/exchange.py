"""Requests and answers of OAuth, as values. What is between them is a generator that yields the one
and is sent the other; it does no I/O.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from fastmcp.wire.revisions import LATEST_HANDSHAKE

T = TypeVar("T")
SAID = 200
"""How many characters of what an authorization server says an error repeats."""


class Ask(Struct, frozen=True):
    """A request that is to be sent as it is, without following redirects."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None = None

    def __repr__(self) -> str:
        return f"Ask({self.method} {shown(self.url)})"


class Reply(Struct, frozen=True):
    """The whole answer to it; names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Reply({self.status})"


Flow: TypeAlias = Generator[Ask, Reply, T]


def document_at(url: str) -> Ask:
    """The request for a metadata document."""
    headers = {"accept": "application/json", "mcp-protocol-version": LATEST_HANDSHAKE.text}
    return Ask("GET", url, headers)


def form(url: str, members: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Ask:
    """The request that posts a form."""
    kinds = {"accept": "application/json", "content-type": "application/x-www-form-urlencoded"}
    return Ask("POST", url, {**kinds, **(headers or {})}, urlencode(members).encode())


def read_object(reply: Reply) -> dict[str, Any] | None:
    """The JSON object that an answer is, None if it is anything else."""
    try:
        return msgspec.json.decode(reply.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def said(reply: Reply) -> str:
    """What a refusal says, in one line: its code and its text (RFC 6749 section 5.2)."""
    found = read_object(reply) or {}
    parts = [found.get("error"), found.get("error_description")]
    text = ": ".join(plain(part) for part in parts if isinstance(part, str) and part)
    return f"{reply.status}" + (f", {text}" if text else "")


def plain(text: str) -> str:
    """A text of somebody else as it can stand in an error: short, in one line, no control codes."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 2 * SAID]).split())
    return line if len(line) <= SAID else line[:SAID] + "…"


def shown(url: str) -> str:
    """A URL for people: without what may be secret in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a malformed URL"
    return plain(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")
