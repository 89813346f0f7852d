"""Redaction, under the path of the middleware that takes a `Redactor`; it lives in `_logging`."""

from __future__ import annotations

from fastmcp._logging.redaction import MASK, MOST, SECRET_KEYS, SECRET_TEXTS, Redactor
from fastmcp._logging.words import one_line

__all__ = ["MASK", "MOST", "SECRET_KEYS", "SECRET_TEXTS", "Redactor", "one_line"]
