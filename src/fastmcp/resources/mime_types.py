"""Which MIME types are text."""

from __future__ import annotations

_TEXTS = frozenset(
    (
        "application/ecmascript",
        "application/graphql",
        "application/javascript",
        "application/json",
        "application/json5",
        "application/jsonl",
        "application/markdown",
        "application/sql",
        "application/toml",
        "application/x-ndjson",
        "application/x-sh",
        "application/x-yaml",
        "application/xml",
        "application/yaml",
        "image/svg+xml",
    )
)


def is_text(mime_type: str) -> bool:
    """Whether content of a type is read as text."""
    plain = mime_type.partition(";")[0].strip().lower()
    return (
        plain.startswith("text/") or plain in _TEXTS or plain.endswith(("+json", "+xml", "+yaml"))
    )
