"""State as the bytes that a store keeps: JSON, written by pydantic."""

from __future__ import annotations

from types import GeneratorType
from typing import Any

from msgspec import Struct, to_builtins


def encode_state(key: str, value: Any) -> bytes:
    """The JSON of a value.

    Raises:
        TypeError: it has none.
    """
    import pydantic_core

    try:
        if isinstance(value, GeneratorType):
            raise TypeError("reading a generator would use it up")
        return pydantic_core.to_json(value, by_alias=False, inf_nan_mode="null", fallback=_plain)
    except Exception as error:
        raise TypeError(
            f"The value of {key!r} is not serializable ({error}), so it cannot outlive this "
            "request; leave serializable=True out to have it in this request alone, or keep data "
            "(dict, list, str, number, dataclass, pydantic model)"
        ) from error


def decode_state(data: bytes) -> Any:
    """The value as JSON has it: models come back as dicts, tuples as lists, dates as text."""
    import pydantic_core

    return pydantic_core.from_json(data)


def _plain(value: Any) -> Any:
    if isinstance(value, Struct):
        return to_builtins(value)
    raise TypeError(f"{type(value).__name__} has no JSON")
