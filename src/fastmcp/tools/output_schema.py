"""What a tool promises of its results: the schema that is given, or the annotation that is read."""

from __future__ import annotations

import inspect
import types
import typing
from collections import abc
from collections.abc import Iterator
from typing import Any, cast

from msgspec import Raw

from fastmcp._components.blocks import BLOCK_TYPES
from fastmcp._components.media import Media
from fastmcp.exceptions import InvalidSignature
from fastmcp.wire.inputs import InputRequiredResult
from fastmcp.wire.model import Model

from .whole_results import has_result_members

WRAPPED = "x-fastmcp-wrap-result"

_UNIONS = (typing.Union, types.UnionType)
_LISTS = (list, tuple, set, frozenset)
_STREAMS = (
    abc.Iterator,
    abc.Iterable,
    abc.Generator,
    abc.AsyncIterator,
    abc.AsyncIterable,
    abc.AsyncGenerator,
)
_SILENT = (inspect.Parameter.empty, Any, object, None, type(None), bytes, bytearray, memoryview)


def described_value(annotation: Any, *, structured_text: bool) -> Any:
    """The annotation that the output schema is made of; None where there is none.

    There is none for what says nothing of data, for content, and, unless `structured_text`, for
    text, which would go out twice.
    """
    bare = _bare(annotation)
    final = _last_round(bare)
    members = [m for m in _members(final) if m is not type(None)]
    if not members or any(_is_silent(member) for member in members):
        return None
    if not structured_text and all(member is str for member in members):
        return None
    return annotation if final is bare else final


def is_plain_list(annotation: Any) -> bool:
    """Whether it says that the value is a list, and nothing of what is in it."""
    annotation = _last_round(_bare(annotation))
    if annotation in _LISTS:
        return True
    items = [item for item in typing.get_args(annotation) if item is not ...]
    return typing.get_origin(annotation) in _LISTS and all(item is Any for item in items)


def given_schema(schema: Any) -> dict[str, Any]:
    """The schema of `output_schema=`, with the root that the protocol asks for.

    Raises:
        InvalidSignature: it describes no object.
    """
    if not isinstance(schema, dict):
        raise InvalidSignature(
            f"output_schema must be a JSON Schema as a dict, not {type(schema).__name__}; "
            "a model's is Model.model_json_schema(mode='serialization')"
        )
    members = cast("dict[str, Any]", schema)
    if not is_object_schema(members):
        raise InvalidSignature(
            'output_schema must describe an object ("type": "object"): give the value a name, '
            f'{{"type": "object", "properties": {{"result": …}}, "{WRAPPED}": true}}'
        )
    return members if "type" in members else {"type": "object", **members}


def wrapped(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object whose `result` is what `schema` describes."""
    definitions = schema.pop("$defs", None)
    outer = {
        "type": "object",
        "properties": {"result": schema},
        "required": ["result"],
        WRAPPED: True,
    }
    return {**outer, "$defs": definitions} if definitions else outer


def is_object_schema(schema: dict[str, Any]) -> bool:
    """Whether all that it admits are objects."""
    seen: set[str] = set()
    found: Any = schema
    while "type" not in found and "properties" not in found:
        reference = found.get("$ref")
        if not isinstance(reference, str) or reference in seen:
            return False
        seen.add(reference)
        found = schema.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {})
    return found.get("type", "object") == "object"


def _bare(annotation: Any) -> Any:
    """Without aliases and remarks."""
    while True:
        if typing.get_origin(annotation) is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif not isinstance(getattr(annotation, "__value__", ""), (str, typing.ForwardRef)):
            annotation = annotation.__value__
        else:
            return annotation


def _last_round(annotation: Any) -> Any:
    """What is there in the end: the items of a stream are a list by then, and the client has
    answered what it was asked.
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _STREAMS:
        return list[arguments[0]] if arguments else list
    if origin in _UNIONS and InputRequiredResult in arguments:
        return typing.Union[tuple(m for m in arguments if m is not InputRequiredResult)]
    return annotation


def _members(annotation: Any) -> Iterator[Any]:
    """The members of a union, or else the annotation alone."""
    if typing.get_origin(annotation) in _UNIONS:
        for member in typing.get_args(annotation):
            yield from _members(_bare(member))
    else:
        yield annotation


def _is_silent(annotation: Any) -> bool:
    if annotation in _SILENT or annotation in _LISTS:
        return True
    if typing.get_origin(annotation) in _LISTS:
        items = [item for item in typing.get_args(annotation) if item is not ...]
        parts = [part for item in items for part in _members(_bare(item))]
        return all(item is Any for item in items) or any(map(_is_content, parts))
    return _is_content(annotation)


def _is_content(annotation: Any) -> bool:
    if not isinstance(annotation, type):
        return False
    if issubclass(annotation, (Media, Model, Raw)) or has_result_members(annotation):
        return True
    fields: Any = getattr(cast("Any", annotation), "model_fields", {})
    kind = getattr(fields.get("type"), "default", None)
    is_block = isinstance(kind, str) and kind in BLOCK_TYPES and "annotations" in fields
    return is_block or ("content" in fields and bool(fields.keys() & _RESULT_FIELDS))


_RESULT_FIELDS = {"structuredContent", "structured_content"}
