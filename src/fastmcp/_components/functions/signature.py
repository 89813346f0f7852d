"""Reading a function once: its parameters, what is injected, how its arguments are checked."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from types import NoneType
from typing import Any, cast

from msgspec import Raw, Struct

from fastmcp._components.injection.borrowed import Policy
from fastmcp._components.injection.dependencies import MISSING, Dependency, Reading
from fastmcp._components.injection.dependencies import Injectable as Injectable
from fastmcp._components.injection.parameters import dependency_of
from fastmcp._components.injection.plan import Outer, Plan, plan_of
from fastmcp._components.schemas.arguments import NOT_AN_OBJECT as NOT_AN_OBJECT
from fastmcp._components.schemas.arguments import Arguments
from fastmcp._components.schemas.schema import Unreadable, arguments_of, optional
from fastmcp.exceptions import InvalidSignature

from .docstrings import read_docstring
from .function import Function, function_of, is_async, is_open
from .function import where as where
from .hints import Hints, hints_of
from .open_arguments import OpenArguments


class Parameter(Struct, frozen=True):
    """A parameter that the client fills; `description` is None when nothing describes it."""

    name: str
    annotation: Any
    required: bool
    description: str | None


class Signature(Struct, frozen=True, kw_only=True):
    """A function, read. `plan` has those of its dependencies that are not simply at hand, and of
    these `policies` say how a background task is run.
    """

    call: Callable[..., Any]
    name: str
    doc: str | None
    is_async: bool
    parameters: tuple[Parameter, ...]
    schema: dict[str, Any]
    injected: tuple[tuple[str, Callable[[], Any]], ...]
    plan: Plan | None
    policies: tuple[Any, ...]
    returns: Any
    reader: Arguments | OpenArguments

    def arguments(self, given: Raw | Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments of a call, validated, with what is injected.

        Raises:
            ValidationError: an argument is missing, unknown or does not fit. The text names each
                parameter and says nothing of the values.
        """
        arguments = self.reader.read(given)
        for name, provide in self.injected:
            arguments[name] = provide()
        return arguments


def read_signature(
    function: Any, *, strict: bool = False, hidden: Collection[str] = (), variadic: bool = False
) -> Signature:
    """Read a function, method, callable object, `functools.partial` or wrapper.

    Clients do not see `hidden` parameters, which keep their defaults. A `variadic` function may
    take with `**` what no other parameter takes.

    Raises:
        InvalidSignature: it has parameters that a client cannot fill, or annotations that
            cannot be resolved or validated.
    """
    read = function_of(function)
    hints = hints_of(read.source)
    found = _sorted(read, hints, hidden, variadic)
    described = read_docstring(read.doc)
    of_parameters = described
    if read.doc_of_parameters is not read.doc:
        of_parameters = read_docstring(read.doc_of_parameters)
    arguments = _arguments(read, found.visible, strict)
    schema = _describing(arguments, of_parameters.parameters)
    reader: Arguments | OpenArguments = arguments
    if found.is_open:
        reader, schema = (
            OpenArguments(arguments, found.taken),
            {**schema, "additionalProperties": True},
        )
    return Signature(
        call=read.call,
        name=read.name,
        doc=described.description,
        is_async=is_async(read.call),
        parameters=tuple(_parameter(p, arguments, schema) for p in found.visible),
        schema=schema,
        injected=tuple(found.injected),
        plan=plan_of(Outer(read.source, found.given, found.needs, found.kept)),
        policies=tuple(need.asked for need in found.needs.values() if isinstance(need, Policy)),
        returns=_returned(read, hints),
        reader=reader,
    )


class _Sorted(Struct):
    """The parameters of a function, by who fills them."""

    visible: list[inspect.Parameter]
    injected: list[tuple[str, Callable[[], Any]]]
    needs: dict[str, Dependency[Any]]
    kept: dict[str, Any]
    is_open: bool = False

    @property
    def given(self) -> frozenset[str]:
        """Those that a call has values for before anything is opened."""
        return frozenset((*(p.name for p in self.visible), *(name for name, _ in self.injected)))

    @property
    def taken(self) -> frozenset[str]:
        """Those that no client may fill."""
        return frozenset((*(name for name, _ in self.injected), *self.needs, *self.kept))


def _sorted(read: Function, hints: Hints, hidden: Collection[str], variadic: bool) -> _Sorted:
    found = _Sorted([], [], {}, {}, is_open(read.signature))
    parameters = read.signature.parameters
    if unknown := set(hidden) - parameters.keys():
        raise _refusal(read, f"has no parameter {', '.join(sorted(unknown))} that could be hidden")
    bound = _bound(read.call)
    for name, parameter in parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD and (variadic or found.is_open):
            found.is_open = True
            continue
        if found.is_open and parameter.kind is parameter.VAR_POSITIONAL:
            continue
        _require_keyword(read, parameter)
        annotation = hints.known.get(name, parameter.annotation)
        need = _need(read, annotation, parameter.default)
        if isinstance(need, Reading):
            found.injected.append((name, need.read))
        elif need is not None:
            found.needs[name] = need
        elif name in hidden or name in bound:
            found.kept[name] = _default(read, parameter)
        else:
            found.visible.append(_visible(read, parameter, annotation, hints.unknown.get(name)))
    # What the others cannot be had for is a failure, too, which policies have to do with.
    found.needs = dict(
        sorted(found.needs.items(), key=lambda need: not isinstance(need[1], Policy))
    )
    return found


def _need(read: Function, annotation: Any, default: Any) -> Dependency[Any] | None:
    try:
        return dependency_of(annotation, default)
    except InvalidSignature as error:
        raise _refusal(read, str(error)) from None


def _require_keyword(read: Function, parameter: inspect.Parameter) -> None:
    mistakes = {
        parameter.VAR_POSITIONAL: ("takes *", "name each parameter"),
        parameter.VAR_KEYWORD: ("takes **", "name each parameter"),
        parameter.POSITIONAL_ONLY: ("has the positional-only parameter ", "remove the `/`"),
    }
    if parameter.kind in mistakes:
        mistake, cure = mistakes[parameter.kind]
        raise _refusal(read, f"{mistake}{parameter.name}, which no client can fill; {cure}")


def _visible(
    read: Function, parameter: inspect.Parameter, annotation: Any, unresolved: Exception | None
) -> inspect.Parameter:
    """The parameter as a client's keyword arguments fill it."""
    if unresolved is not None:
        raise _unresolved(read, unresolved)
    if annotation is MISSING:
        annotation = Any
    elif parameter.default is None:
        annotation = optional(annotation)
    return parameter.replace(annotation=annotation, kind=inspect.Parameter.KEYWORD_ONLY)


def _default(read: Function, parameter: inspect.Parameter) -> Any:
    if parameter.default is MISSING:
        raise _refusal(
            read,
            f"needs the hidden parameter {parameter.name}; give it a default, or better a value "
            f"of its own: {parameter.name}=Depends(...)",
        )
    return parameter.default


def _bound(call: Any) -> set[str]:
    """What a partial binds to values that are no JSON: its author filled it for good."""
    bound: set[str] = set()
    while isinstance(call, functools.partial):
        keywords = cast("dict[str, Any]", cast("Any", call).keywords)
        bound.update(name for name, value in keywords.items() if not isinstance(value, _PLAIN))
        call = cast("Any", call).func
    return bound


_PLAIN = (str, int, float, bool, NoneType, list, tuple, dict, Enum)


def _arguments(read: Function, visible: list[inspect.Parameter], strict: bool) -> Arguments:
    try:
        return arguments_of(read.name, visible, strict=strict)
    except Unreadable as error:
        raise _refusal(read, str(error)) from error.__cause__


def _describing(arguments: Arguments, descriptions: Mapping[str, str]) -> dict[str, Any]:
    """The schema, with the docstring's descriptions where the annotations have none."""
    schema = arguments.schema
    properties: dict[str, Any] = schema["properties"]
    added = {
        shown: {**properties[shown], "description": text}
        for name, text in descriptions.items()
        if (shown := arguments.names.get(name, name)) in properties
        and "description" not in properties[shown]
    }
    return {**schema, "properties": {**properties, **added}} if added else schema


def _parameter(
    parameter: inspect.Parameter, arguments: Arguments, schema: dict[str, Any]
) -> Parameter:
    shown = arguments.names.get(parameter.name, parameter.name)
    return Parameter(
        parameter.name,
        parameter.annotation,
        shown in schema.get("required", ()),
        schema["properties"].get(shown, {}).get("description"),
    )


def _returned(read: Function, hints: Hints) -> Any:
    if "return" in hints.unknown:
        raise _unresolved(read, hints.unknown["return"])
    return hints.known.get("return", read.signature.return_annotation)


def _unresolved(read: Function, error: Exception) -> InvalidSignature:
    return _refusal(
        read,
        f"has an annotation that cannot be resolved ({error}); define the name at module level, or "
        "import it outside of TYPE_CHECKING",
    )


def _refusal(read: Function, problem: str) -> InvalidSignature:
    return InvalidSignature(f"{where(read.source)}: {read.name}() {problem}")
