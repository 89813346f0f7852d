"""What the texts of JSON stand for, by the `format` of their schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from msgspec import json

if TYPE_CHECKING:
    from uuid import UUID


def read_datetime(text: str) -> datetime:
    """A date with a time of day, with or without an offset."""
    if len(text) < 16 or text[10] not in "Tt ":
        raise ValueError("a date-time")
    return datetime.fromisoformat(text)


def read_date(text: str) -> date:
    """`2024-02-29`."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        raise ValueError("a date")
    return date.fromisoformat(text)


def read_time(text: str) -> time:
    """`23:59:59.5`, with or without an offset."""
    if len(text) < 5 or text[2] != ":":
        raise ValueError("a time")
    return time.fromisoformat(text)


_DURATION = re.compile(
    r"([+-]?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,6})\d*)?S)?)?",
    re.ASCII,
)
_DAYS = (365, 30, 7, 1)


def read_duration(text: str) -> timedelta:
    """`P1DT2H`; a year has 365 days and a month 30, as pydantic writes and reads them."""
    found = _DURATION.fullmatch(text)
    if found is None or text[-1] in "PT" or len(text) > 100:
        raise ValueError("a duration")
    sign, *spans = found.groups(default="0")
    years_to_days, (hours, minutes, seconds) = spans[:4], map(int, spans[4:7])
    days = sum(int(span) * length for span, length in zip(years_to_days, _DAYS, strict=True))
    span = timedelta(
        days=days,
        hours=hours,
        minutes=minutes,
        seconds=seconds,
        microseconds=int(spans[7].ljust(6, "0")),
    )
    return -span if sign == "-" else span


def read_uuid(text: str) -> UUID:
    """A UUID with its hyphens."""
    if len(text) != 36:
        raise ValueError("a UUID")
    from uuid import UUID

    return UUID(text)


def read_uri(text: str) -> Any:
    """A pydantic `AnyUrl`."""
    from pydantic import AnyUrl

    return AnyUrl(text)


READERS: Final[dict[str, Callable[[str], Any]]] = {
    "date-time": read_datetime,
    "date": read_date,
    "time": read_time,
    "duration": read_duration,
    "uuid": read_uuid,
    "uri": read_uri,
    "json": json.decode,
}
"""Format -> what reads it, raising ValueError or OverflowError; every other text stays text."""
