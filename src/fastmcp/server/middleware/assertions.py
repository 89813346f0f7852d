"""The assertions of JSON Schema, each made into a check of values."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

logger: Final = logging.getLogger("fastmcp.server.middleware")

Json: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[Any, ...]
"""Where a value is: the path of what holds it, and its name or index there; `()` is the whole."""

Problems: TypeAlias = list[tuple[Path, str]]
Check: TypeAlias = Callable[[Any, Path, Problems], None]

_NOUNS = {
    "object": "an object",
    "array": "a list",
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list, tuple),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
    "boolean": (bool,),
}


def regex(pattern: str) -> re.Pattern[str]:
    """The pattern; one that cannot be read here lets everything through."""
    try:
        return re.compile(pattern)
    except re.error as error:
        logger.warning("The pattern %r of a schema cannot be checked: %s", pattern, error)
        return re.compile("")


def all_fits(value: Any, path: Path, problems: Problems) -> None:
    pass


def nothing_fits(value: Any, path: Path, problems: Problems) -> None:
    problems.append((path, "is not allowed"))


def every(checks: list[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]

    def check(value: Any, path: Path, problems: Problems) -> None:
        for each in checks:
            each(value, path, problems)

    return check


def fits(check: Check, value: Any) -> bool:
    problems: Problems = []
    check(value, (), problems)
    return not problems


def is_type(value: Any, kind: str) -> bool:
    """Whether a value is of a type, as JSON Schema has types: 1.0 is an integer, true is not."""
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, PYTHON_TYPES.get(kind, ()))


def steps_of(path: Path) -> list[Any]:
    """The names and indices that lead to a value."""
    steps: list[Any] = []
    while path:
        path, step = path
        steps.append(step)
    return steps[::-1]


def of_type(kinds: Any) -> Check:
    allowed: list[str] = [kinds] if isinstance(kinds, str) else list(kinds)
    text = "should be " + " or ".join(_NOUNS.get(kind, kind) for kind in allowed)

    usual = {kind for name in allowed for kind in PYTHON_TYPES.get(name, ())}

    def check(value: Any, path: Path, problems: Problems) -> None:
        if type(value) not in usual and not any(is_type(value, kind) for kind in allowed):
            problems.append((path, text))

    return check


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON, where true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        left, right = cast("Json", one), cast("Json", other)
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(one, list) and isinstance(other, list):
        items, others = cast("list[Any]", one), cast("list[Any]", other)
        return len(items) == len(others) and all(map(_same, items, others))
    return one == other


def one_of(values: list[Any]) -> Check:
    shown = ", ".join(repr(value) for value in values[:8])
    text = f"should be {'one of ' if len(values) > 1 else ''}{shown}"

    def check(value: Any, path: Path, problems: Problems) -> None:
        if not any(_same(value, each) for each in values):
            problems.append((path, text))

    return check


def matching(pattern: re.Pattern[str]) -> Check:
    def check(value: Any, path: Path, problems: Problems) -> None:
        if isinstance(value, str) and pattern.search(value) is None:
            problems.append((path, f"should match {pattern.pattern}"))

    return check


def all_different(value: Any, path: Path, problems: Problems) -> None:
    if not isinstance(value, list):
        return
    items = cast("list[Any]", value)
    try:
        seen: set[Any] = {(isinstance(item, bool), item) for item in items}
        repeated = len(seen) < len(items)
    except TypeError:
        repeated = any(_same(item, other) for i, item in enumerate(items) for other in items[:i])
    if repeated:
        problems.append((path, "should not have the same item twice"))


def members(
    each: dict[str, Check], patterns: list[tuple[re.Pattern[str], Check]], rest: Check | None
) -> Check:
    def check(value: Any, path: Path, problems: Problems) -> None:
        if not isinstance(value, dict):
            return
        for name, member in cast("Json", value).items():
            known = each.get(name)
            if known is not None:
                known(member, (path, name), problems)
            if not patterns:
                if known is None and rest is not None:
                    rest(member, (path, name), problems)
                continue
            matched = [one for pattern, one in patterns if pattern.search(name)]
            for one in matched:
                one(member, (path, name), problems)
            if known is None and not matched and rest is not None:
                rest(member, (path, name), problems)

    return check


def requiring(names: list[str]) -> Check:
    def check(value: Any, path: Path, problems: Problems) -> None:
        if isinstance(value, dict):
            for name in names:
                if name not in value:
                    problems.append(((path, name), "is required"))

    return check


def named(one: Check) -> Check:
    def check(value: Any, path: Path, problems: Problems) -> None:
        if isinstance(value, dict):
            for name in cast("Json", value):
                one(name, (path, name), problems)

    return check


def where_given(name: str, one: Check) -> Check:
    def check(value: Any, path: Path, problems: Problems) -> None:
        if isinstance(value, dict) and name in value:
            one(value, path, problems)

    return check


def listed(first: list[Check], rest: Check | None) -> Check:
    def check(value: Any, path: Path, problems: Problems) -> None:
        if not isinstance(value, list):
            return
        for index, item in enumerate(cast("list[Any]", value)):
            one = first[index] if index < len(first) else rest
            if one is not None:
                one(item, (path, index), problems)

    return check


def containing(one: Check, least: int, most: int | None) -> Check:
    def check(value: Any, path: Path, problems: Problems) -> None:
        if isinstance(value, list):
            found = sum(fits(one, item) for item in cast("list[Any]", value))
            if found < least or (most is not None and found > most):
                problems.append((path, "does not contain as many such items as it should"))

    return check


def some_of(options: list[Check], only_one: bool) -> Check:
    def check(value: Any, path: Path, problems: Problems) -> None:
        found: list[Problems] = []
        fitting = 0
        for option in options:
            of_this: Problems = []
            option(value, path, of_this)
            found.append(of_this)
            fitting += not of_this
            if fitting and not only_one:
                return
        if fitting > 1:
            problems.append((path, "fits more than one of the forms that it could have"))
        elif not fitting:
            problems.append(_said(path, found))

    return check


def _said(path: Path, found: list[Problems]) -> tuple[Path, str]:
    """What is wrong with a value that has none of several forms."""
    at_once = [problems[0][1] for problems in found if len(problems) == 1]
    if len(at_once) == len(found) and all(problems[0][0] == path for problems in found):
        return path, " or ".join(dict.fromkeys(at_once))
    return path, "has none of the forms that it could have"


def unlike(one: Check) -> Check:
    def check(value: Any, path: Path, problems: Problems) -> None:
        if fits(one, value):
            problems.append((path, "has a form that is not allowed"))

    return check


def chosen_by(condition: Check, then: Check, other: Check) -> Check:
    def check(value: Any, path: Path, problems: Problems) -> None:
        (then if fits(condition, value) else other)(value, path, problems)

    return check
