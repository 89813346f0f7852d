"""Configurations read from JSON: what is wrong is told with its place and what was meant."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Final, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from fastmcp._spelling import nearest
from fastmcp.client.config.json_file import read_object
from fastmcp.exceptions import ConfigurationError

logger: Final = logging.getLogger("fastmcp.configuration")

T = TypeVar("T", bound=msgspec.Struct)


def read_as(kind: type[T], path: Path) -> T:
    """What a file says, as an object of that class.

    Raises:
        FileNotFoundError: there is no such file.
        ConfigurationError: it is not JSON, or something in it is wrong.
    """
    if not path.is_file():
        near = nearest(path.name, [each.name for each in path.parent.glob("*.json")])
        hint = "" if near is None else f"; did you mean {path.with_name(near)}?"
        raise FileNotFoundError(f"There is no file {path}{hint}")
    data, _ = read_object(path)
    unknown = list(_unknown_keys(data, kind, ""))
    try:
        found = msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{path}: {_told(str(error), data, kind)}") from None
    for place, near in unknown:
        hint = "" if near is None else f"; did you mean {near!r}?"
        logger.warning("%s: there is no key %s%s", path, place, hint)
    return found


def _unknown_keys(
    data: Mapping[str, Any], kind: type[msgspec.Struct], place: str
) -> Generator[tuple[str, str | None]]:
    """The place of each key that nothing reads, and the name of the one that is most like it."""
    known = dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
    for key, value in data.items():
        if key not in known:
            missing = [name for name in known if name not in data]
            yield f"{place}{key}", nearest(key, missing)
        elif (inner := _struct(_types(kind)[known[key]])) and isinstance(value, Mapping):
            yield from _unknown_keys(cast("Mapping[str, Any]", value), inner, f"{place}{key}.")


def _told(text: str, data: Mapping[str, Any], kind: type[msgspec.Struct]) -> str:
    """A message of msgspec's, with the place at the front."""
    problem, _, place = text.partition(" - at `$")
    place = place.strip(".`")
    problem = problem.replace("`", "")
    if place.endswith("[...]"):
        place = _wrong_text(data, place.removesuffix("[...]"))
    if problem.startswith("Expected str") and problem.endswith(
        ("got int", "got float", "got bool")
    ):
        problem += "; write it in quotes"
    if problem.startswith("Expected array") and problem.endswith("got str"):
        problem += "; write it in [ ]"
    if problem.startswith("Object missing required field "):
        name = problem.rpartition(" ")[2]
        whole = f"{place}.{name}".strip(".")
        written = nearest(name, _object_at(data, place))
        return f"{whole} is missing" + (f"; did you mean it by {written!r}?" if written else "")
    if problem.startswith("Invalid enum value "):
        choices = _choices(kind, place)
        near = nearest(problem.removeprefix("Invalid enum value ").strip("'"), choices)
        hint = "" if near is None else f"; did you mean {near!r}?"
        problem = f"{problem}, it is one of {', '.join(choices)}{hint}"
    return f"{place}: {problem[0].lower()}{problem[1:]}" if place else problem


def _wrong_text(data: Mapping[str, Any], place: str) -> str:
    """The place of the first value that is no text, of an object of texts."""
    values = _object_at(data, place).items()
    return next(f"{place}.{name}" for name, value in values if not isinstance(value, str))


def _object_at(data: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    for key in filter(None, place.split(".")):
        data = data[key]
    return data


def _choices(kind: type[msgspec.Struct], place: str) -> list[str]:
    *outer, name = place.split(".")
    for key in outer:
        inner = _struct(_types(kind)[key])
        assert inner is not None
        kind = inner
    return [
        choice
        for each in _members(_types(kind)[name])
        if get_origin(each) is Literal
        for choice in get_args(each)
    ]


def _types(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(kind)


def _members(annotation: Any) -> tuple[Any, ...]:
    is_union = get_origin(annotation) in (Union, UnionType)
    return get_args(annotation) if is_union else (annotation,)


def _struct(annotation: Any) -> type[msgspec.Struct] | None:
    for each in _members(annotation):
        if isinstance(each, type) and issubclass(each, msgspec.Struct):
            return each
    return None
