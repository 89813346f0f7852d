"""Media types of bodies: which of several is sent, and how its values are written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

Writing: TypeAlias = Literal["json", "form", "multipart", "text", "binary"]

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_TEXTS = {
    *("application/xml", "application/javascript", "application/ecmascript", "application/yaml"),
    *("application/x-yaml", "application/graphql", "application/x-ndjson", "application/jsonl"),
    *("application/sql", "application/toml", "application/ld-json", "image/svg+xml", FORM),
}


def essence(media_type: str) -> str:
    """Without parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether it is a document of JSON."""
    kind = essence(media_type)
    return kind in (JSON, "text/json") or kind.endswith("+json")


def is_text(media_type: str) -> bool:
    """Whether a person can read it."""
    kind = essence(media_type)
    return kind.startswith("text/") or kind in _TEXTS or kind.endswith(("+xml", "+yaml"))


def writing_of(media_type: str) -> Writing:
    """How a value is written."""
    kind = essence(media_type)
    if is_json(kind) or kind == "*/*" or kind == "application/*":
        return "json"
    if kind == FORM:
        return "form"
    if kind.startswith("multipart/"):
        return "multipart"
    return "text" if is_text(kind) else "binary"


def preferred(media_types: Iterable[str]) -> str | None:
    """The one to send: JSON, or else a form, or else the first."""
    known = list(media_types)
    for wanted in (("json",), ("form", "multipart")):
        for each in known:
            if writing_of(each) in wanted:
                return each
    return known[0] if known else None
