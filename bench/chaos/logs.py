"""What servers logged, and what of that is no named, expected trouble."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

BEGIN = "Traceback (most recent call last):\n"
_CHAINED = re.compile(
    r"(During handling of the above exception, another exception occurred"
    r"|The above exception was the direct cause of the following exception):\n\n$"
)
# What follows the frames of a traceback, which are indented: the exception.
_END = re.compile(r"^[A-Za-z_][\w.]*(: .*)?$", re.M)
EXPECTED = (
    # Docket logs with tracebacks that Redis is away, or has just been emptied.
    re.compile(r"/docket/.*\nredis\.exceptions\.\w+: [^\n]*$", re.S),
    # A server with tasks in Redis does not start without it.
    re.compile(r"in run_http\n.*\nfastmcp\.exceptions\.StoreUnavailable: Redis\b[^\n]*$", re.S),
)


def unexpected(log: Path) -> Counter[str]:
    """The last lines of unexpected tracebacks in a log, and how often each is there."""
    found = Counter[str]()
    for trace in _traces(log.read_text("utf-8", "replace")):
        if not any(pattern.search(trace) for pattern in EXPECTED):
            found[trace.rpartition("\n")[2][:200]] += 1
    return found


def _traces(text: str) -> Iterator[str]:
    """The tracebacks of a text, each with those that it came of."""
    whole = ""
    before, *parts = text.split(BEGIN)
    for part in parts:
        if not _CHAINED.search(before):
            if whole:
                yield whole
            whole = ""
        end = _END.search(part)
        whole += BEGIN + (part[: end.end()] if end else part)
        before = part
    if whole:
        yield whole
