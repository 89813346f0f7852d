"""The assertions of JSON Schema on how large a value is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from .assertions import PYTHON_TYPES, Check, Json, Path, Problems

_Limit: TypeAlias = tuple[Callable[[Any, Any], bool], str]
_LENGTH: dict[str, tuple[str, str]] = {
    "string": ("Length", "characters"),
    "array": ("Items", "items"),
    "object": ("Properties", "members"),
}
_LIMITS: dict[str, dict[str, _Limit]] = {
    "number": {
        "minimum": (lambda value, bound: value >= bound, "should be at least {}"),
        "maximum": (lambda value, bound: value <= bound, "should be at most {}"),
        "exclusiveMinimum": (lambda value, bound: value > bound, "should be more than {}"),
        "exclusiveMaximum": (lambda value, bound: value < bound, "should be less than {}"),
        "multipleOf": (
            lambda value, bound: _is_multiple(value, bound),
            "should be a multiple of {}",
        ),
    },
    **{
        of: {
            f"min{name}": (
                lambda value, bound: len(value) >= bound,
                f"should have {{}} or more {what}",
            ),
            f"max{name}": (
                lambda value, bound: len(value) <= bound,
                f"should have {{}} or fewer {what}",
            ),
        }
        for of, (name, what) in _LENGTH.items()
    },
}


def _is_multiple(value: Any, bound: Any) -> bool:
    quotient = value / bound
    return abs(quotient - round(quotient)) < 1e-9 if isinstance(quotient, float) else True


def limits_of(schema: Json) -> list[Check]:
    """The checks of size and length that a schema asks for."""
    return [
        limited(PYTHON_TYPES[of], limit, schema[name])
        for of, limits in _LIMITS.items()
        for name, limit in limits.items()
        if name in schema
    ]


def limited(kinds: tuple[type, ...], limit: _Limit, bound: Any) -> Check:
    holds, text = limit[0], limit[1].format(bound)

    def check(value: Any, path: Path, problems: Problems) -> None:
        if isinstance(value, kinds) and not isinstance(value, bool) and not holds(value, bound):
            problems.append((path, text))

    return check
