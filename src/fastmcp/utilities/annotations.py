"""Questions about annotations and functions, as code written for FastMCP asks them."""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable, Collection, Mapping
from typing import Any

_UNIONS = (typing.Union, types.UnionType)


def get_fn_name(fn: Any) -> str:
    """The name that a function was defined by."""
    return fn.__name__


def issubclass_safe(cls: Any, base: type) -> bool:
    """`issubclass` that is False for what is no class; a generic counts as its origin."""
    cls = typing.get_origin(cls) or cls
    return isinstance(cls, type) and issubclass(cls, base)


def is_class_member_of_type(cls: Any, base: type) -> bool:
    """Whether an annotation is of that class: it, or a member of a union."""
    if typing.get_origin(cls) in _UNIONS:
        return any(is_class_member_of_type(member, base) for member in typing.get_args(cls))
    if typing.get_origin(cls) is typing.Annotated:
        return is_class_member_of_type(typing.get_args(cls)[0], base)
    return issubclass_safe(cls, base)


def find_kwarg_by_type(fn: Callable[..., Any], kwarg_type: type) -> str | None:
    """The first parameter that is annotated with a class."""
    function = getattr(fn, "__func__", fn)
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except Exception:  # a name that does not exist yet
        hints = dict(getattr(function, "__annotations__", {}))
    for name, parameter in inspect.signature(fn).parameters.items():
        if is_class_member_of_type(hints.get(name, parameter.annotation), kwarg_type):
            return name
    return None


def replace_type(type_: Any, type_map: Mapping[Any, Any]) -> Any:
    """An annotation with types replaced, however deep they are in it."""
    if type_ in type_map:
        return type_map[type_]
    origin = typing.get_origin(type_)
    if origin is None:
        return type_
    members = tuple(replace_type(member, type_map) for member in typing.get_args(type_))
    return typing.Union[members] if origin in _UNIONS else origin[members]


def create_function_without_params(
    fn: Callable[..., Any], exclude_params: Collection[str]
) -> Callable[..., Any]:
    """The function, with some parameters left out of its signature and annotations."""

    @functools.wraps(fn)
    def narrowed(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    signature = inspect.signature(fn)
    kept = [p for p in signature.parameters.values() if p.name not in exclude_params]
    shown: Any = narrowed
    del shown.__wrapped__
    shown.__signature__ = signature.replace(parameters=kept)
    shown.__annotations__ = {
        name: annotation
        for name, annotation in getattr(fn, "__annotations__", {}).items()
        if name not in exclude_params
    }
    return narrowed
