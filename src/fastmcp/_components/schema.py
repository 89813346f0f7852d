"""Validators, serializers and JSON Schemas (2020-12) from annotations.

The commonest annotations are written out in `plain_types`; the rest is pydantic's, which is
loaded for the first of them.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from .plain_types import plain_parameters, plain_schemas

Check = Callable[[Any], Any]


class Arguments(Struct, frozen=True):
    """How the arguments of a function are checked, from JSON and from a mapping."""

    check_json: Check
    check_python: Check
    schema: dict[str, Any]


class Value(Struct, frozen=True):
    """How a value is checked and written, and what it looks like once written."""

    check: Check
    write: Callable[..., bytes]
    schema: dict[str, Any]


def arguments_of(name: str, parameters: list[inspect.Parameter], *, strict: bool) -> Arguments:
    """Read keyword-only parameters. Raises whatever pydantic raises for an impossible one."""
    plain = plain_parameters(parameters)
    if plain is None:
        from .rich_types import rich_arguments

        return Arguments(*rich_arguments(name, parameters, strict=strict))
    from pydantic_core import SchemaValidator

    core, schema = plain
    call: Any = {"type": "call", "function": collect, "arguments_schema": core}
    validator = SchemaValidator(call, {"strict": True} if strict else None)
    return Arguments(validator.validate_json, validator.validate_python, schema)


def value_of(annotation: Any) -> Value:
    """Read a return annotation. Raises whatever pydantic raises for an impossible one."""
    plain = plain_schemas(annotation)
    if plain is None:
        from .rich_types import rich_value

        return Value(*rich_value(annotation))
    from pydantic_core import SchemaSerializer, SchemaValidator

    core: Any = plain[0]
    check = SchemaValidator(core).validate_python
    return Value(check, SchemaSerializer(core).to_json, dict(plain[1]))


def collect(**arguments: Any) -> dict[str, Any]:
    """The function whose arguments are checked: what it is given is what a call will pass."""
    return arguments


def optional(annotation: Any) -> Any:
    """The annotation with None allowed; what `Annotated` says of it stays."""
    if annotation is Any:
        return annotation
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *extras = typing.get_args(annotation)
        return typing.Annotated[(typing.Optional[inner], *extras)]
    return typing.Optional[annotation]


_SAYINGS = {
    "missing_keyword_only_argument": "is required",
    "missing_argument": "is required",
    "unexpected_keyword_argument": "is not a parameter",
}


def explain(error: ValueError) -> str | None:
    """What is wrong and where, without the values; None for an error that is not pydantic's."""
    errors = getattr(error, "errors", None)
    if errors is None:
        return None
    problems: list[str] = []
    for detail in errors(include_url=False, include_context=False, include_input=False):
        path = ".".join(str(part) for part in detail["loc"])
        text: str = _SAYINGS.get(detail["type"]) or detail["msg"]
        problems.append(f"{path}: {text}" if path else text)
    return "; ".join(problems)
