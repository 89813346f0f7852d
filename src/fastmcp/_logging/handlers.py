"""Handlers that write to standard error: as lines for people, by `rich`, or as JSON."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from fastmcp.exceptions import ConfigurationError
from fastmcp.settings import settings

from .formats import Cleaning, JsonFormat, PlainFormat
from .outlet import Outlet
from .redaction import Redactor
from .words import indented, words_of

Format: TypeAlias = Literal["rich", "plain", "json"]


class StandardError:
    """Standard error as it is now, and handlers that write to it as the settings say."""

    def __init__(self, format: Format | None = None, **rich: Any) -> None:
        """`rich` are keywords of `rich.logging.RichHandler`.

        Raises:
            ConfigurationError: the settings ask for `rich`, and it is not installed.
        """
        self.format = _format() if format is None else format
        self._redactor = Redactor.of(settings.log_redaction)
        self._rich = rich
        # None: the process has none.
        self.outlet = None if sys.stderr is None else Outlet(sys.stderr, self._dropped)

    def handler(self) -> logging.Handler:
        """One for records of any logger."""
        if self.outlet is None:
            return logging.NullHandler()
        if self.format == "rich":
            return RichLog(self.outlet, self._redactor, self._rich)
        return self.handler_of(self._formatter())

    def handler_of(self, formatter: logging.Formatter) -> logging.Handler:
        """One whose lines look as the formatter has them, unless they are to be JSON."""
        if self.outlet is None:
            return logging.NullHandler()
        shape = formatter if self._lines else self._formatter()
        return LineLog(self.outlet, shape, Cleaning(self._redactor, lines=self._lines))

    def close(self) -> None:
        """Wait for nothing; what waits is written if it is read soon."""
        if self.outlet is not None:
            self.outlet.close()

    @property
    def is_looked_at(self) -> bool:
        """Whether it is a terminal."""
        return self.outlet is not None and self.outlet.isatty()

    @property
    def _lines(self) -> bool:
        return self.format != "json"

    def _formatter(self) -> logging.Formatter:
        return PlainFormat() if self._lines else JsonFormat(self._redactor)

    def _dropped(self, count: int) -> str:
        text = f"{count} log records were dropped: nobody reads standard error fast enough"
        values = {"name": "fastmcp.log", "levelname": "WARNING", "msg": text}
        return self._formatter().format(logging.makeLogRecord(values)) + "\n"


class _Log(logging.Handler):
    """Writes to an outlet what it makes of a record, and never waits for that."""

    def __init__(self, outlet: Outlet) -> None:
        super().__init__()
        self._outlet = outlet

    def emit(self, record: logging.LogRecord) -> None:
        if self._outlet.admits(urgent=record.levelno >= logging.WARNING):
            try:
                self._write(record)
            except Exception as error:
                text = f"A record of {record.name} cannot be logged: {words_of(error)}"
                self._outlet.put(indented(text) + "\n")

    def close(self) -> None:
        super().close()
        self._outlet.close()

    def _write(self, record: logging.LogRecord) -> None:
        raise NotImplementedError


class LineLog(_Log):
    """A line for each record."""

    def __init__(self, outlet: Outlet, formatter: logging.Formatter, clean: Cleaning) -> None:
        super().__init__(outlet)
        self.setFormatter(formatter)
        self._clean = clean

    def _write(self, record: logging.LogRecord) -> None:
        self._outlet.put(self.format(self._clean(record)) + "\n")


class RichLog(_Log):
    """What `rich` makes of each record; `options` are its keywords."""

    def __init__(self, outlet: Outlet, redactor: Redactor, options: dict[str, Any]) -> None:
        super().__init__(outlet)
        self._redactor = redactor
        console: Any = import_module("rich.console").Console(file=cast("Any", _Pen(outlet)))
        rich: Any = import_module("rich.logging")
        given: dict[str, Any] = {
            "console": console,
            "rich_tracebacks": settings.enable_rich_tracebacks,
            "tracebacks_max_frames": 3,
            "tracebacks_suppress": [str(Path(__file__).parent.parent)],
            **options,
        }
        self._inner: Any = rich.RichHandler(**given)
        self._inner.setFormatter(logging.Formatter("%(message)s"))
        self._render: Any = self._inner.render
        self._inner.render = self._rendered
        self._clean = Cleaning(redactor, exceptions=not given["rich_tracebacks"])

    def _write(self, record: logging.LogRecord) -> None:
        self._inner.emit(self._clean(record))

    def _rendered(self, *, traceback: Any, **options: Any) -> Any:
        """What is shown of a record, whose traceback `rich` has from the exception itself."""
        for stack in () if traceback is None else traceback.trace.stacks:
            stack.exc_value = self._redactor.text(stack.exc_value)
            stack.notes = [self._redactor.text(note) for note in getattr(stack, "notes", ())]
        return self._render(traceback=traceback, **options)


class _Pen:
    """The file that a console of `rich` writes to."""

    def __init__(self, outlet: Outlet) -> None:
        self.write = outlet.put
        self.isatty = outlet.isatty

    def flush(self) -> None:
        pass


def _format() -> Format:
    """What the settings say, and `auto` means here."""
    asked = settings.log_format
    if asked == "auto":
        looked_at = sys.stderr is not None and sys.stderr.isatty()
        return "rich" if looked_at and settings.enable_rich_logging and has_rich() else "plain"
    if asked == "rich" and not has_rich():
        raise ConfigurationError(
            "FASTMCP_LOG_FORMAT=rich needs rich; install it with: pip install rich"
        )
    return asked


def has_rich() -> bool:
    """Whether `rich` is installed."""
    try:
        import_module("rich.logging")
    except ImportError:
        return False
    return True
