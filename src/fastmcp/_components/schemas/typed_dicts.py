"""On Python 3.11 pydantic reads the TypedDict of `typing_extensions` only; this makes one of the
other.
"""

from __future__ import annotations

import sys
import types
import typing
from typing import Any, cast


def readable(annotation: Any) -> Any:
    """The annotation with every `typing.TypedDict` in it made readable for pydantic."""
    return annotation if sys.version_info >= (3, 12) else _readable(annotation, {})


def _readable(annotation: Any, made: dict[Any, Any]) -> Any:
    if isinstance(annotation, type) and type(annotation).__module__ == "typing":
        return _made(annotation, made) if typing.is_typeddict(annotation) else annotation
    arguments = typing.get_args(annotation)
    origin: Any = typing.get_origin(annotation)
    if not arguments or origin is typing.Literal:
        return annotation
    if origin is typing.Annotated:
        inner = _readable(arguments[0], made)
        return annotation if inner is arguments[0] else typing.Annotated[(inner, *arguments[1:])]
    members = tuple(_readable(argument, made) for argument in arguments)
    if all(new is old for new, old in zip(members, arguments, strict=True)):
        return annotation
    if origin in (typing.Union, types.UnionType):
        return typing.Union[members]
    return origin[members]


def _made(old: Any, made: dict[Any, Any]) -> Any:
    """The twin of a TypedDict; one that contains itself stays, and pydantic will say so."""
    if old in made:
        return made[old] or old
    made[old] = None
    from typing_extensions import TypedDict

    fields: dict[str, Any] = {}
    for name, hint in typing.get_type_hints(old, include_extras=True).items():
        if typing.get_origin(hint) in (typing.Required, typing.NotRequired):
            hint = typing.get_args(hint)[0]
        kind = typing.Required if name in old.__required_keys__ else typing.NotRequired
        fields[name] = cast("Any", kind)[_readable(hint, made)]
    twin: Any = cast("Any", TypedDict)(old.__name__, fields)
    twin.__doc__ = old.__doc__
    twin.__module__ = old.__module__
    made[old] = twin
    return twin
