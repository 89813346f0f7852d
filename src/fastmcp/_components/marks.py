"""What a standalone decorator leaves on a function, for the server that it is added to later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, TypeVar

from msgspec import Struct

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
            from difflib import get_close_matches  # only ever needed for this message

            near = get_close_matches(name, known.__annotations__, n=1)
            hint = f"; did you mean {near[0]}=?" if near else ""
            raise TypeError(f"@{kind} got an unexpected keyword argument {name!r}{hint}")
    return dict(options)


def split_name(
    name_or_fn: Any, options: Mapping[str, Any], kind: Kind, known: type
) -> tuple[Any, dict[str, Any]]:
    """A decorator's first argument: the function, or else the name, which becomes an option."""
    given = require_options(options, known, kind)
    if name_or_fn is None or callable(name_or_fn) or hasattr(name_or_fn, "__func__"):
        return name_or_fn, given
    if not isinstance(name_or_fn, str):
        raise TypeError(f"@{kind} takes a function or a name, not {type(name_or_fn).__name__}")
    if given.get("name") is not None:
        raise TypeError(f"@{kind} got two names: {name_or_fn!r} and {given['name']!r}")
    given["name"] = name_or_fn
    return None, given
