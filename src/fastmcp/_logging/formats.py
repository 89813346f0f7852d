"""How a record looks: as a line for people, or as a line of JSON for programs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from .redaction import Redactor
from .words import INDENT, indented, words_of

LONGEST = 16_384
"""Characters of a message, or of a traceback, beyond which its middle is left out."""
ACCESS = "uvicorn.access"

_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}


class PlainFormat(logging.Formatter):
    """`LEVEL: name: message`; what a record has beyond a line is indented."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s: %(name)s: %(message)s")


class JsonFormat(logging.Formatter):
    """One JSON object a line: `time` in UTC, `level`, `logger` and `message`; where there are any,
    `exception` and `stack`; then what the record was given as `extra`.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        from msgspec import json

        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_text:
            entry["exception"] = record.exc_text
        if record.stack_info:
            entry["stack"] = record.stack_info
        given = {name: each for name, each in vars(record).items() if name not in _STANDARD}
        extra: dict[str, Any] = self._redactor.data(given) if given else {}
        for name, value in extra.items():
            entry[f"extra_{name}" if name in entry else name] = value
        return json.encode(entry).decode()


class Cleaning:
    """Makes of a record one that may be written: without what is to be hidden, and not too long.
    Its arguments are in its message. With `lines`, nothing in it could pass for another record;
    without `exceptions`, these stay as they are.
    """

    def __init__(self, redactor: Redactor, *, lines: bool = True, exceptions: bool = True) -> None:
        self._redactor = redactor
        self._lines = lines
        self._exceptions = exceptions
        self._plain = logging.Formatter()

    def __call__(self, record: logging.LogRecord) -> logging.LogRecord:
        clean = logging.LogRecord.__new__(logging.LogRecord)
        clean.__dict__.update(vars(record))
        clean.__dict__.pop("color_message", None)
        if self._lines and _is_access(record):
            clean.args = tuple(
                self._text(each) if isinstance(each, str) else each for each in record.args or ()
            )
        else:
            clean.msg, clean.args = self._text(_message_of(record)), None
        if self._exceptions and (record.exc_info or record.exc_text):
            text = record.exc_text
            if record.exc_info:
                text = self._plain.formatException(record.exc_info)
            clean.exc_info, clean.exc_text = None, self._below(text or "")
        if record.stack_info:
            clean.stack_info = self._below(record.stack_info)
        return clean

    def _text(self, text: str) -> str:
        if len(text) > LONGEST:
            half = LONGEST // 2
            text = f"{text[:half]}... ({len(text) - 2 * half} characters) ...{text[-half:]}"
        text = self._redactor.text(text)
        return indented(text) if self._lines else text

    def _below(self, text: str) -> str:
        return INDENT + self._text(text) if self._lines else self._text(text)


def _is_access(record: logging.LogRecord) -> bool:
    """Whether it tells of a request: the formatter of those reads their arguments."""
    return record.name == ACCESS and isinstance(record.args, tuple) and len(record.args) == 5


def _message_of(record: logging.LogRecord) -> str:
    """The message, or what is wrong with the call that logged it."""
    try:
        return record.getMessage()
    except Exception as error:
        return f"{record.msg!r} cannot be logged with its arguments: {words_of(error)}"
