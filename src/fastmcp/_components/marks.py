"""What a standalone decorator leaves on a function, for the server that it is added to later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, TypeVar

from msgspec import Struct

from fastmcp._spelling import unexpected_keyword

Kind: TypeAlias = Literal["tool", "resource", "prompt"]
F = TypeVar("F", bound=Callable[..., Any])

ATTRIBUTE = "__fastmcp__"


class Mark(Struct, frozen=True):
    """How a function is to be registered; `uri` is a resource's."""

    type: Kind
    options: Mapping[str, Any]
    uri: str | None = None


def mark(function: F, made: Mark) -> F:
    """Leave a mark on a function, method or callable object, and return it.

    Raises:
        TypeError: it takes no attributes.
    """
    try:
        setattr(function, ATTRIBUTE, (*marks_of(function), made))
    except (AttributeError, TypeError):
        raise TypeError(
            f"@{made.type} cannot mark {function!r}, which takes no attributes; decorate the "
            f"function itself, or register the object with mcp.add_{made.type}()"
        ) from None
    return function


def marks_of(function: Any, kind: Kind | None = None) -> tuple[Mark, ...]:
    """The marks on a function, the innermost decorator's first."""
    marks: Any = getattr(function, ATTRIBUTE, ())
    if not isinstance(marks, tuple):
        return ()
    return tuple(m for m in marks if isinstance(m, Mark) and kind in (None, m.type))  # pyright: ignore[reportUnknownVariableType]


def marked_options(function: Any, kind: Kind, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a function's own mark, overridden by those given now."""
    marks = marks_of(function, kind)
    return {**(marks[-1].options if marks else {}), **given}


def require_options(options: Mapping[str, Any], known: type, kind: Kind) -> dict[str, Any]:
    """The options, all of which the TypedDict `known` has to know.

    Raises:
        TypeError: one is unknown; the text names the nearest that is not.
    """
    for name in options:
        if name not in known.__annotations__:
            raise unexpected_keyword(f"@{kind}", name, known.__annotations__)
    return dict(options)


def decorate(
    name_or_fn: Any,
    options: Mapping[str, Any],
    kind: Kind,
    known: type,
    act: Callable[[Any, dict[str, Any]], Any],
) -> Any:
    """What a decorator does whose first argument is the function, or its name: `act` gets the
    function and the options, and the function is returned as it was.
    """
    given = require_options(options, known, kind)

    def decorated(function: Any) -> Any:
        act(function, given)
        return function

    if callable(name_or_fn) or hasattr(name_or_fn, "__func__"):
        return decorated(name_or_fn)
    if name_or_fn is not None:
        _take_name(name_or_fn, given, kind)
    return decorated


def _take_name(name_or_fn: Any, given: dict[str, Any], kind: Kind) -> None:
    if not isinstance(name_or_fn, str):
        raise TypeError(f"@{kind} takes a function or a name, not {type(name_or_fn).__name__}")
    if given.get("name") is not None:
        raise TypeError(f"@{kind} got two names: {name_or_fn!r} and {given['name']!r}")
    given["name"] = name_or_fn
