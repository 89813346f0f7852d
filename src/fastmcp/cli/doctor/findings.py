"""What was found, one thing at a time.

It is told with nothing but Python: all that is installed may be broken."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Final, Literal, NamedTuple

from ..terminal import counted, print_styled, shown_in_line

Level = Literal["ok", "note", "warning", "error"]
_STYLES: Final = {"ok": "green", "note": "dim", "warning": "yellow", "error": "bold red"}


class Finding(NamedTuple):
    """One thing that was looked at; `cure` says what to do about it."""

    topic: str
    level: Level
    text: str
    cure: str | None = None


def print_findings(found: Sequence[Finding]) -> None:
    """Print findings by topic, and how many there are to mend."""
    for topic, findings in groupby(found, lambda each: each.topic):
        print_styled((topic, "bold"))
        for each in findings:
            level = f"  {each.level:<8} "
            print_styled((level, _STYLES[each.level]), (shown_in_line(each.text), ""))
            if each.cure is not None:
                print_styled(("           -> ", "dim"), (shown_in_line(each.cure), ""))
        print()
    counts = Counter(each.level for each in found)
    print(f"{counted(counts['error'], 'error')}, {counted(counts['warning'], 'warning')}")


def print_findings_json(found: Sequence[Finding]) -> None:
    """Print findings as JSON."""
    is_well = not any(each.level == "error" for each in found)
    document = {"ok": is_well, "findings": [each._asdict() for each in found]}
    print(json.dumps(document, indent=2))
