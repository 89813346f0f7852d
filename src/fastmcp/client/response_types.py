"""The Python types that handlers answer forms with, and the answers read back from them."""

from __future__ import annotations

import dataclasses
import keyword
import re
from collections.abc import Mapping
from typing import Any, Literal, cast

from msgspec import Struct, to_builtins

from .arguments import jsonable
from .forms import Schema, choices_of, members_of

_TYPES: dict[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool}


def response_type(form: Schema) -> type[Any] | None:
    """A dataclass with the members of a form, those without a default first; None for no members.

    Names that Python cannot have are made so that it can: `home-town` is the field `home_town`.
    """
    required: set[str] = set(form.get("required") or ())
    fields: list[tuple[str, Any, Any]] = []
    for name, member in members_of(form).items():
        field_name = _identifier(name, {taken for taken, _, _ in fields})
        fields.append((field_name, *_field(name, member, required=name in required)))
    if not fields:
        return None
    fields.sort(key=lambda each: _has_default(each[2]))
    return dataclasses.make_dataclass("Response", fields)


def content_of(answer: Any, form: Schema) -> Mapping[str, Any]:
    """The members of a handler's answer: of a mapping, of an object of any kind, or of a value
    that stands for the only one.

    Raises:
        ValueError: a plain value, for a form of several members.
    """
    if answer is None:
        return {}
    if isinstance(answer, Mapping):
        return jsonable(dict(cast("Mapping[str, Any]", answer)))
    if dataclasses.is_dataclass(answer):
        return jsonable(
            {
                each.metadata.get("name", each.name): getattr(answer, each.name)
                for each in dataclasses.fields(answer)
            }
        )
    if isinstance(answer, Struct):
        return to_builtins(answer)
    if hasattr(answer, "model_dump"):
        return answer.model_dump(mode="json", by_alias=True)
    names = list(members_of(form))
    if len(names) == 1:
        return jsonable({names[0]: answer})
    raise ValueError(
        f"The answer to a form has to have its members ({', '.join(names) or 'none'}), "
        f"and {answer!r} has none"
    )


def _field(name: str, member: Schema, *, required: bool) -> tuple[Any, Any]:
    kind = _type(member)
    default: Any = member.get("default")
    options: dict[str, Any] = {"metadata": {"name": name}}
    if isinstance(default, list):
        options["default_factory"] = cast("list[Any]", default).copy
    elif default is not None or not required:
        options["default"] = default
    if default is None and not required:
        kind |= None
    return kind, dataclasses.field(**options)


def _has_default(field: dataclasses.Field[Any]) -> bool:
    return (
        field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
    )


def _type(member: Schema) -> Any:
    if choices := choices_of(member):
        return Literal[tuple(choices)]
    if member.get("type") == "array":
        return list[_type(member.get("items") or {})]
    return _TYPES.get(cast("str", member.get("type")), object)


def _identifier(name: str, taken: set[str]) -> str:
    made = re.sub(r"\W", "_", name)
    if not made or made[0].isdigit():
        made = f"_{made}"
    while keyword.iskeyword(made) or made in taken:
        made += "_"
    return made
