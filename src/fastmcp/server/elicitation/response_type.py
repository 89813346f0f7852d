"""What a function asks its user for: a type, read into a form and a way from answers to values."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from inspect import Parameter
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast

from msgspec import Struct, convert, json

from fastmcp._components.schemas.portable import portable
from fastmcp._components.schemas.refusal import details_of
from fastmcp._components.schemas.schema import Unreadable, arguments_of
from fastmcp.exceptions import InvalidAnswer
from fastmcp.wire.revisions import LATEST_MODERN

from .form import Form, form_of
from .results import AcceptedElicitation
from .vocabulary import Json

T = TypeVar("T")
Titled: TypeAlias = tuple[tuple[str, str], ...]
Reader: TypeAlias = Callable[[Json], Any]

_VALUE = "value"
_MISSING = ("missing", "missing_keyword_only_argument")


@dataclass
class ScalarElicitationType(Generic[T]):
    """The object that a client is asked for when a function asks for a single value."""

    value: T


class ElicitConfig(Struct, frozen=True):
    """A response type once it is read: the form to be shown, and the reader of what is filled in.

    `response_type` is None for a question without data, and for choices that are not a type.
    """

    response_type: Any
    form: Form
    read: Reader

    @property
    def schema(self) -> dict[str, Any]:
        """The form as clients of the latest revision are sent it."""
        return self.form.schema(LATEST_MODERN)

    @property
    def is_raw(self) -> bool:
        """Whether it is of choices that are not a type."""
        return self.response_type is None and bool(self.form.members)


def parse_elicit_response_type(
    response_type: Any,
    response_title: str | None = None,
    response_description: str | None = None,
) -> ElicitConfig:
    """Read what `Context.elicit` is to ask for. What was read is remembered.

    Raises:
        TypeError: no form can ask for it, or the labels are for what has its own.
        ValueError: a list or a dict that does not offer strings to choose from.
    """
    titled: Titled | None = None
    asked = response_type
    if isinstance(response_type, (list, dict)):
        asked, titled = _offered_by(cast("Any", response_type))
    read = _read if _is_hashable(asked) else _read.__wrapped__
    labels = {"title": response_title, "description": response_description}
    return read(
        asked, titled, tuple((key, text) for key, text in labels.items() if text is not None)
    )


def get_elicitation_schema(response_type: Any) -> dict[str, Any]:
    """The form that asks for a type, as clients of the latest revision are sent it.

    Raises:
        TypeError: no form can ask for it.
    """
    return parse_elicit_response_type(response_type).schema


def handle_elicit_accept(config: ElicitConfig, content: Any) -> AcceptedElicitation[Any]:
    """What a user has answered, converted to the type; what was not asked for is left out.

    Raises:
        InvalidAnswer: it does not fit.
    """
    try:
        return AcceptedElicitation(data=config.read(config.form.filled(content or {})))
    except ValueError as error:
        problem = str(error)
    raise InvalidAnswer(f"The user's answer does not fit: {problem}")


def _offered_by(given: list[Any] | dict[str, Any]) -> tuple[Any, Titled | None]:
    """The type of a list or a dict of choices, in another list for several; and the titles."""
    if isinstance(given, list) and len(given) == 1 and isinstance(given[0], (list, dict)):
        offered, titled = _offered_by(cast("Any", given[0]))
        return list[offered], titled
    if not given or not all(isinstance(value, str) for value in given):
        raise ValueError(
            f"Offer a list of strings, or a dict of strings and titles, not {given!r}; "
            "put either into another list to let the user choose several"
        )
    offered = cast("Any", Literal)[tuple(given)]
    if isinstance(given, list):
        return offered, None
    return offered, tuple((value, _title(value, said)) for value, said in given.items())


def _title(value: str, said: str | Mapping[str, str]) -> str:
    return said if isinstance(said, str) else said.get("title", value)


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


@lru_cache(maxsize=256)
def _read(asked: Any, titled: Titled | None, labels: tuple[tuple[str, str], ...]) -> ElicitConfig:
    if asked is None:
        _refuse_labels(labels)
        return ElicitConfig(None, Form({}, []), dict)
    if typing.get_origin(asked) is ScalarElicitationType:
        [asked] = typing.get_args(asked)
    if _is_struct(asked):
        _refuse_labels(labels)
        return ElicitConfig(asked, form_of(_struct_schema(asked)), partial(_as_struct, asked))
    schema, check = _schema_of(asked)
    if schema.get("type") == "object" and "properties" in schema:
        _refuse_labels(labels)
        return ElicitConfig(asked, form_of(schema), partial(_as_object, check))
    schema = {**schema, **(_titled_schema(schema, titled) if titled else {}), **dict(labels)}
    form = form_of({"type": "object", "properties": {_VALUE: schema}, "required": [_VALUE]})
    return ElicitConfig(None if titled else asked, form, partial(_as_value, check))


def _refuse_labels(labels: tuple[tuple[str, str], ...]) -> None:
    if labels:
        raise TypeError(
            "response_title and response_description are for a single value; label the members "
            "of an object where they are declared, by Field(title=..., description=...)"
        )


def _schema_of(asked: Any) -> tuple[Json, Callable[[Any], Any]]:
    """The JSON Schema of a type without references, and the check of objects with such a value."""
    value = Parameter(_VALUE, Parameter.KEYWORD_ONLY, annotation=asked)
    try:
        arguments = arguments_of(_VALUE, [value], strict=False)
    except Unreadable as error:
        reason = str(error.__cause__ or error).partition("\n")[0]
        raise TypeError(f"A form cannot ask for {asked!r}: {reason}") from error.__cause__
    return portable(arguments.schema)["properties"][_VALUE], arguments.check_json


def _titled_schema(schema: Json, titled: Titled) -> Json:
    constants = [{"const": value, "title": title} for value, title in titled]
    return {"items": {"anyOf": constants}} if "items" in schema else {"oneOf": constants}


def _as_value(check: Callable[[bytes], Any], filled: Json) -> Any:
    return _checked(check, filled, 0)


def _as_object(check: Callable[[bytes], Any], filled: Json) -> Any:
    return _checked(check, {_VALUE: filled}, 1)


def _checked(check: Callable[[bytes], Any], given: Json, depth: int) -> Any:
    """The value of an object, whose problems are told with their places below `depth`."""
    try:
        return check(json.encode(given))[_VALUE]
    except ValueError as error:
        details = details_of(error)
        problems = [str(error)] if details is None else [_told(each, depth) for each in details]
    raise ValueError("; ".join(problems))  # out of the handler: the values stay out of logs


def _told(detail: Mapping[str, Any], depth: int) -> str:
    place = ".".join(map(str, detail["loc"][depth:]))
    problem: str = "is required" if detail["type"] in _MISSING else detail["msg"]
    return f"{place}: {problem}" if place else problem


def _is_struct(asked: Any) -> bool:
    cls = typing.get_origin(asked) or asked
    return isinstance(cls, type) and issubclass(cls, Struct)


def _struct_schema(asked: Any) -> Json:
    return portable(json.schema(asked))


def _as_struct(asked: Any, filled: Json) -> Any:
    return convert(filled, asked, strict=False)
