"""How the arguments of a transformed tool become those of the tool that it is made from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import partial
from keyword import iskeyword
from typing import Any

from msgspec import Struct, json

from fastmcp._components.schemas.schema import arguments_of
from fastmcp._spelling import nearest
from fastmcp.exceptions import InvalidSignature, ValidationError

from .arg_transform import ArgTransform
from .base import Tool

Json = dict[str, Any]
_NOTHING = ArgTransform()


class ArgumentMap(Struct, frozen=True):
    """The arguments that a client gives, by schema, and what becomes of each.

    `names` has the parent's name of each, `hidden` makes what only the parent sees, and `checks`
    are for those whose type is not the parent's.
    """

    schema: Json
    names: dict[str, str]
    hidden: dict[str, Callable[[], Any]]
    checks: dict[str, Callable[[Any], Any]]
    is_open: bool

    def to_parent(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parent's arguments.

        Raises:
            TypeError: one is unknown or missing.
        """
        if problems := list(misfits(self.schema, given, is_open=self.is_open)):
            raise TypeError(f"forward(): {'; '.join(problems)}")
        arguments = {self.names.get(name, name): value for name, value in given.items()}
        for name, make in self.hidden.items():
            arguments[name] = make()
        return arguments

    def retold(self, text: str) -> str:
        """What the parent says of its arguments, with the names that this tool has for them."""
        notes = [
            f"{old} is the argument {new} of this tool"
            for new, old in self.names.items()
            if new != old and old in text
        ]
        return f"{text} ({', '.join(notes)})" if notes else text


def map_arguments(parent: Tool, transforms: Mapping[str, ArgTransform]) -> ArgumentMap:
    """Apply changes to the arguments of a tool.

    Raises:
        InvalidSignature: an argument is unknown, hidden without a value, or has another's name.
    """
    schema = parent.parameters
    properties: Json = schema.get("properties", {})
    _require_known(parent, properties, transforms)
    required = schema.get("required", ())
    definitions: Json = deepcopy(schema.get("$defs", {}))
    shown: Json = {}
    names: dict[str, str] = {}
    hidden: dict[str, Callable[[], Any]] = {}
    checks: dict[str, Callable[[Any], Any]] = {}
    needed: list[str] = []
    for old, described in properties.items():
        change = transforms.get(old, _NOTHING)
        if change.hide:
            if change.has_default:
                hidden[old] = _maker(change)
            elif old in required:
                raise InvalidSignature(
                    f"The argument {old!r} of the tool {parent.name!r} is required; hide it with "
                    "default= or default_factory="
                )
            continue
        new = old if change.name in (..., None) else str(change.name)
        if new in names:
            raise InvalidSignature(
                f"Two arguments of the tool {parent.name!r} would be named {new!r}: "
                f"{names[new]!r} and {old!r}; rename one of them"
            )
        names[new] = old
        shown[new] = _changed(deepcopy(described), change)
        if change.type is not ...:
            checks[new], retyped = _retyped(new, change.type, definitions)
            shown[new] = {**shown[new], **retyped}
        if change.required is True or (old in required and change.default is ...):
            needed.append(new)
    is_open = bool(schema.get("additionalProperties", False))
    return ArgumentMap(
        object_schema(shown, needed, definitions, is_open=is_open), names, hidden, checks, is_open
    )


def object_schema(
    properties: Json, required: Iterable[str], definitions: Json, *, is_open: bool
) -> Json:
    """The schema of arguments, with the definitions that it uses."""
    needed = set(required)
    schema: Json = {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name in needed],
        "additionalProperties": is_open,
    }
    if used := _used(definitions, properties):
        schema["$defs"] = used
    return schema


def misfits(schema: Json, given: Iterable[str], *, is_open: bool) -> Iterable[str]:
    """What is wrong with the names of arguments."""
    names = set(given)
    for name in schema["required"]:
        if name not in names:
            yield f"{name}: is required"
    if is_open:
        return
    for name in sorted(names - schema["properties"].keys()):
        yield f"{name}: is not a parameter{nearest_of(name, schema['properties'])}"


def nearest_of(name: str, known: Iterable[str]) -> str:
    """A hint at the name that was meant, if there is a likely one."""
    near = nearest(name, known, cutoff=0.5)
    return "" if near is None else f" (the nearest is {near})"


def _require_known(parent: Tool, properties: Json, transforms: Mapping[str, Any]) -> None:
    for name in transforms:
        if name not in properties:
            hint = nearest_of(name, properties) or f" (it has {', '.join(properties) or 'none'})"
            raise InvalidSignature(
                f"transform_args names {name!r}, which is no argument of the tool "
                f"{parent.name!r}{hint}"
            )


def _maker(change: ArgTransform) -> Callable[[], Any]:
    if change.default_factory is not ...:
        return change.default_factory
    value: Any = change.default
    return partial(deepcopy, value) if type(value) in (list, dict, set) else lambda: value


def _changed(shown: Json, change: ArgTransform) -> Json:
    if change.description is not ...:
        shown.pop("description", None)
        if change.description is not None:
            shown["description"] = change.description
    if change.required is True:
        shown.pop("default", None)
    if change.default is not ...:
        shown["default"] = change.default
    if change.examples is not ...:
        shown["examples"] = change.examples
    return shown


def _retyped(name: str, type: Any, definitions: Json) -> tuple[Callable[[Any], Any], Json]:
    """The check of a value by its new type, and the schema of that; the value stays as it came."""
    label = name if name.isidentifier() and not iskeyword(name) else "value"
    parameter = inspect.Parameter(label, inspect.Parameter.KEYWORD_ONLY, annotation=type)
    arguments = arguments_of(label, [parameter], strict=False)
    for key, definition in arguments.schema.get("$defs", {}).items():
        if definitions.setdefault(key, definition) != definition:
            raise InvalidSignature(
                f"The new type of {name!r} has a part {key!r}, and so have other arguments of the "
                "tool, with another meaning; rename the class"
            )

    def check(value: Any) -> None:
        arguments.read({label: value})

    return check, arguments.schema["properties"][label]


def _used(definitions: Json, part: Any) -> Json:
    """The definitions that a part of a schema refers to, and those that they refer to."""
    text = json.encode(part).decode()
    used = {name: body for name, body in definitions.items() if f'"#/$defs/{name}"' in text}
    rest = {name: body for name, body in definitions.items() if name not in used}
    return {**used, **_used(rest, used)} if used and rest else used


def checked(
    schema: Json, mapping: ArgumentMap, defaults: Json, given: Mapping[str, Any]
) -> dict[str, Any]:
    """A client's arguments, with the defaults of those that it left out.

    Raises:
        ValidationError: one is unknown, missing, or not of its new type.
    """
    if problems := list(misfits(schema, given, is_open=mapping.is_open)):
        raise ValidationError("; ".join(problems))
    for name, check in mapping.checks.items():
        if name in given:
            check(given[name])
    return {**defaults, **given}
