"""The forms that servers ask to be filled in: flat objects of primitive members (PROTOCOL 3.12)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, TypeAlias, cast
from urllib.parse import urlsplit

Schema: TypeAlias = Mapping[str, Any]

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def members_of(form: Schema) -> Mapping[str, Schema]:
    """The schemas of a form's members, by name."""
    return form.get("properties") or {}


def choices_of(member: Schema) -> list[Any]:
    """The values that a member, or an item of a list, is chosen from; empty for free ones."""
    if "enum" in member:
        return list(member["enum"])
    titled: list[Schema] = member.get("oneOf") or member.get("anyOf") or []
    return [each["const"] for each in titled] if all("const" in each for each in titled) else []


def completed(form: Schema, answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer with the form's defaults for what it leaves out (SEP-1034).

    Raises:
        ValueError: it does not fit the form; the text names each member that is wrong.
    """
    members = members_of(form)
    content = {name: value for name, value in answer.items() if value is not None}
    for name, member in members.items():
        if name not in content and member.get("default") is not None:
            content[name] = member["default"]
    problems = [f"{name} is missing" for name in form.get("required") or () if name not in content]
    for name, value in content.items():
        if name in members:
            problems += [f"{name} {problem}" for problem in _problems(members[name], value)]
        elif form.get("additionalProperties") is False:
            problems.append(f"{name} is not in the form")
    if problems:
        raise ValueError(f"The answer does not fit the form: {'; '.join(problems)}")
    return content


def _problems(member: Schema, value: Any) -> Iterator[str]:
    choices = choices_of(member)
    kind = member.get("type")
    fits, what = _KINDS.get(cast("str", kind), (None, ""))
    if fits is not None and not fits(value):
        yield f"must be {what}, not {value!r}"
    elif choices:
        if value not in choices:
            yield f"must be one of {choices!r}, not {value!r}"
    elif kind == "string":
        yield from _bounds(
            "characters", len(value), member.get("minLength"), member.get("maxLength")
        )
        if not _has_format(value, member.get("format")):
            yield f"must have the format {member['format']}, unlike {value!r}"
    elif kind in ("integer", "number"):
        yield from _bounds("", value, member.get("minimum"), member.get("maximum"))
    elif kind == "array":
        yield from _bounds("items", len(value), member.get("minItems"), member.get("maxItems"))
        items: Schema = member.get("items") or {}
        for item in value:
            yield from (f"item {problem}" for problem in _problems(items, item))


def _bounds(unit: str, value: float, least: float | None, most: float | None) -> Iterator[str]:
    if least is not None and value < least:
        yield f"must have at least {least} {unit}" if unit else f"must be at least {least}"
    if most is not None and value > most:
        yield f"must have at most {most} {unit}" if unit else f"must be at most {most}"


def _has_format(value: str, format: str | None) -> bool:
    try:
        if format == "email":
            return _EMAIL.fullmatch(value) is not None
        if format == "uri":
            return bool(urlsplit(value).scheme)
        if format == "date":
            date.fromisoformat(value)
        elif format == "date-time":
            datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return _is_number(value) and (isinstance(value, int) or value.is_integer())


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "string": (lambda value: isinstance(value, str), "a string"),
    "integer": (_is_integer, "an integer"),
    "number": (_is_number, "a number"),
    "boolean": (lambda value: isinstance(value, bool), "true or false"),
    "array": (lambda value: isinstance(value, list), "a list"),
}
