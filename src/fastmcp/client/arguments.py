"""What a caller gives, as the protocol can carry it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeAlias, cast

from msgspec import json

Duration: TypeAlias = float | timedelta
"""Seconds, or what knows how many it is."""

_PLAIN = frozenset((str, int, float, bool, type(None)))


def jsonable(arguments: Any) -> Mapping[str, Any]:
    """Arguments as JSON can have them; models and dates the way pydantic writes them.

    Raises:
        TypeError: they are no mapping.
        ValueError: one of them has no JSON.
    """
    if not isinstance(arguments, Mapping):
        raise TypeError(f"Arguments are given by name, as in {{'city': 'Bern'}}, not {arguments!r}")
    given = cast("Mapping[str, Any]", arguments)
    for value in given.values():
        if type(value) not in _PLAIN and not _is_plain(value):
            break
    else:
        return given
    return {name: _as_json(name, value) for name, value in given.items()}


def _as_json(name: str, value: Any) -> Any:
    import pydantic_core

    try:
        return json.decode(pydantic_core.to_json(value))
    except ValueError as error:
        raise ValueError(f"The argument {name!r} cannot be sent as JSON: {error}") from None


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_plain, cast("dict[Any, Any]", value).values()))
    if isinstance(value, list):
        return all(map(_is_plain, cast("list[Any]", value)))
    return type(value) in _PLAIN


def as_text(value: Any) -> str:
    """Text as it is; anything else as JSON."""
    if isinstance(value, str):
        return value
    import pydantic_core

    return pydantic_core.to_json(value).decode()


def prompt_params(name: str, arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    """The parameters that ask for a prompt: its arguments are text."""
    given = {key: as_text(value) for key, value in (arguments or {}).items()}
    return {"name": name, "arguments": given} if given else {"name": name}


def with_version(meta: Mapping[str, Any] | None, version: str | None) -> Mapping[str, Any] | None:
    """`_meta` that asks for one version of a component."""
    if version is None:
        return meta
    own: Mapping[str, Any] = (meta or {}).get("fastmcp") or {}
    return {**(meta or {}), "fastmcp": {**own, "version": version}}


def in_seconds(duration: Duration | None) -> float | None:
    """A duration as a number of seconds.

    Raises:
        ValueError: it is negative.
    """
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    if seconds is not None and seconds < 0:
        raise ValueError(f"A timeout of {seconds:g} seconds lies in the past")
    return seconds
