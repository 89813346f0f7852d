"""What is wrong with values, in words: where, how and what to send instead, never the value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastmcp._spelling import nearest

_SHOWN = 8
"""Problems that are told; a thousand would not help."""

_MANY = 10_000
"""Problems beyond which none is told: to list them costs more than to find them."""

_LONGEST = 60
"""Characters of a name that are repeated: names come from the client, too."""

_SAYINGS = {
    "missing_keyword_only_argument": "is required",
    "missing_argument": "is required",
    "missing": "is required",
    "unexpected_keyword_argument": "is not a parameter",
    "uuid_parsing": "Input should be a valid UUID",
    "bytes_invalid_encoding": "Input should be validly encoded bytes",
}
_MISSING = ("missing_keyword_only_argument", "missing_argument")
_UNKNOWN = "unexpected_keyword_argument"

Detail = Mapping[str, Any]


def explain(error: ValueError) -> str | None:
    """What is wrong and where, without the values; None for an error that is not pydantic's."""
    details = details_of(error)
    return None if details is None else _told(f"{_path(each)}{_saying(each)}" for each in details)


def refuse(error: ValueError, unused: Iterable[str]) -> str | None:
    """The same of arguments, with what to send again: for an unknown argument the nearest of the
    parameters that were not used.
    """
    details = details_of(error)
    if details is None:
        return None
    problems: list[str] = []
    changes: dict[str, str] = {}
    for detail in details[:_SHOWN]:
        problem = f"{_path(detail)}{_saying(detail)}"
        name = str(detail["loc"][0]) if detail["loc"] else ""
        if detail["type"] == _UNKNOWN:
            meant = nearest(name, unused)
            if meant is not None:
                problem += f" (the nearest is {meant})"
            changes[name] = "left out" if meant is None else f"renamed to '{meant}'"
        elif name:
            changes.setdefault(name, "given" if detail["type"] in _MISSING else "corrected")
        problems.append(problem)
    problems.extend("" for _ in details[_SHOWN:])
    advice = ", ".join(f"'{_shortened(name)}' {change}" for name, change in changes.items())
    return f"{_told(problems)}. Call again with {advice}." if advice else _told(problems)


def problems_of(error: ValueError) -> list[Detail]:
    """The same as data: the path of each argument, and what is wrong with it."""
    return [
        {
            "path": [
                part if isinstance(part, int) else _shortened(str(part)) for part in each["loc"]
            ],
            "message": _saying(each),
        }
        for each in (details_of(error) or ())[:_SHOWN]
    ]


def details_of(error: ValueError) -> list[Detail] | None:
    """pydantic's list of what is wrong, the values left out; None for another kind of error."""
    errors: Any = getattr(error, "errors", None)
    if errors is None:
        return None
    counted: Any = getattr(error, "error_count", None)
    if counted is not None and (count := counted()) > _MANY:
        return [{"type": "too_many", "loc": (), "msg": f"{count} parts of them do not fit"}]
    return errors(include_url=False, include_input=False)


def _path(detail: Detail) -> str:
    path = ".".join(_shortened(str(part)) for part in detail["loc"])
    return f"{path}: " if path else ""


def _saying(detail: Detail) -> str:
    if detail["type"] == "union_tag_invalid":
        known = detail["ctx"]
        return f"{known['discriminator']} should be one of {known['expected_tags']}"
    return _SAYINGS.get(detail["type"]) or detail["msg"]


def _told(problems: Iterable[str]) -> str:
    told = list(problems)
    more = len(told) - _SHOWN
    return "; ".join(told[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _shortened(name: str) -> str:
    name = name if name.isprintable() else ascii(name)[1:-1]
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
