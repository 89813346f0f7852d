"""Any value as JSON: as pydantic writes it, and what pydantic does not know by its shape."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence, Set
from typing import Any, cast

from msgspec import Struct, to_builtins

CURE = "return data (dict, list, str, number, dataclass, pydantic model), or convert it first"


def to_json(value: Any, *, by_alias: bool | None = None) -> bytes:
    """The JSON of a value; models are written with their aliases unless they say otherwise.

    Raises:
        ValueError: it has no JSON; the text names the type, and what to do.
    """
    import pydantic_core

    if by_alias is None:
        by_alias = writes_aliases(type(value)) is not False
    try:
        return pydantic_core.to_json(
            value, by_alias=by_alias, inf_nan_mode="null", fallback=simpler
        )
    except ValueError as error:
        raise ValueError(unwritable(error)) from error


def writes_aliases(annotation: Any) -> bool | None:
    """Whether the first pydantic model in an annotation is written with its aliases; None when
    there is no model.
    """
    config: Any = getattr(annotation, "model_config", None)
    if isinstance(annotation, type) and isinstance(config, dict):
        return cast("dict[str, Any]", config).get("serialize_by_alias") is not False
    found = (writes_aliases(member) for member in typing.get_args(annotation))
    return next((answer for answer in found if answer is not None), None)


def bare(value: Any) -> Any:
    """What a transparent proxy stands for, such as what `ctx.get_state` gives without await; any
    other value itself.
    """
    return value if value.__class__ is type(value) else getattr(value, "__wrapped__", value)


def simpler(value: Any) -> Any:
    """A value in terms that pydantic knows: arrays, scalars and containers of other libraries.

    Raises:
        TypeError: it has no shape that JSON has.
    """
    if (meant := bare(value)) is not value:
        return meant
    for read in ("tolist", "item", "model_dump"):
        if callable(method := getattr(value, read, None)):
            return method()
    if isinstance(value, Struct):
        return to_builtins(value)
    if isinstance(value, Mapping):
        return dict(cast("Mapping[Any, Any]", value))
    if isinstance(value, (Sequence, Set)):
        return list(cast("Sequence[Any]", value))
    raise TypeError(f"{type(value).__name__} cannot be written as JSON; {CURE}")


def unwritable(error: ValueError) -> str:
    """What pydantic says of a value that has no JSON, for the author of the function."""
    text = str(error).removeprefix("Error serializing to JSON: ").removeprefix("TypeError: ")
    if text.startswith("invalid utf-8"):
        return "bytes that are not UTF-8 cannot be written as JSON; return File(data=…), or base64"
    return text
