"""Reading a function once: its parameters, what is injected, how its arguments are checked."""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, cast

from msgspec import Raw, Struct

from fastmcp.exceptions import InvalidSignature, ValidationError

from .schema import Arguments, arguments_of, explain, optional

NOT_AN_OBJECT = "The arguments are not a JSON object"


class Injectable:
    """A class whose instances a function receives by annotation; clients never see them."""

    @classmethod
    def current(cls) -> Any:
        """The instance for the request being served."""
        raise NotImplementedError


class Parameter(Struct, frozen=True):
    """A parameter that the client fills; `description` is None when nothing describes it."""

    name: str
    annotation: Any
    required: bool
    description: str | None


class Signature(Struct, frozen=True, kw_only=True):
    """A function, read: `check` turns JSON or a mapping into keyword arguments."""

    call: Callable[..., Any]
    name: str
    doc: str | None
    is_async: bool
    parameters: tuple[Parameter, ...]
    schema: dict[str, Any]
    injected: tuple[tuple[str, Callable[[], Any]], ...]
    returns: Any
    check_json: Callable[[Any], dict[str, Any]]
    check_python: Callable[[Any], dict[str, Any]]

    def arguments(self, given: Raw | Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments of a call, validated, with what is injected.

        Raises:
            ValidationError: an argument is missing, unknown or does not fit. The text names each
                parameter and says nothing of the values.
        """
        try:
            if isinstance(given, Raw):
                data = bytes(given)
                if not data.startswith(b"{"):
                    raise ValidationError(NOT_AN_OBJECT)
                arguments = self.check_json(data)
            else:
                arguments = self.check_python(given)
        except ValueError as error:
            raise ValidationError(explain(error) or NOT_AN_OBJECT) from None
        for name, provide in self.injected:
            arguments[name] = provide()
        return arguments


MISSING: Any = inspect.Parameter.empty


def read_signature(function: Any, *, strict: bool = False) -> Signature:
    """Read a function, method, callable object or `functools.partial`.

    Raises:
        InvalidSignature: it has parameters that a client cannot fill, or annotations that
            cannot be resolved or validated.
    """
    wrapped = isinstance(function, (staticmethod, classmethod))
    call = cast("Any", function).__func__ if wrapped else function
    plain = bool(inspect.isroutine(call)) or _is_partial(call)
    described = call if plain else cast("Any", type(call)).__call__
    signature = inspect.signature(call)
    hints = _hints(described, call)
    visible: list[inspect.Parameter] = []
    injected: list[tuple[str, Callable[[], Any]]] = []
    for parameter in signature.parameters.values():
        annotation = hints.get(parameter.name, parameter.annotation)
        provider = _provider(annotation)
        if provider is not None:
            injected.append((parameter.name, provider))
            continue
        _require_keyword(parameter, call)
        visible.append(
            parameter.replace(
                annotation=_welcoming(annotation, parameter.default),
                kind=inspect.Parameter.KEYWORD_ONLY,
            )
        )
    name = _name(call)
    arguments = _validated(name, visible, call, strict)
    schema = arguments.schema
    properties = schema["properties"]
    return Signature(
        call=call,
        name=name,
        doc=inspect.getdoc(described) or None,
        is_async=_is_async(call),
        parameters=tuple(
            Parameter(
                p.name,
                p.annotation,
                p.name in schema.get("required", ()),
                properties.get(p.name, {}).get("description"),
            )
            for p in visible
        ),
        schema=schema,
        injected=tuple(injected),
        returns=hints.get("return", signature.return_annotation),
        check_json=arguments.check_json,
        check_python=arguments.check_python,
    )


def _is_partial(call: Any) -> bool:
    return isinstance(call, functools.partial)


def where(function: Any) -> str:
    """`file:line` of a function, for messages to its author."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else repr(function)


def _hints(function: Any, call: Any) -> dict[str, Any]:
    bare = function.func if _is_partial(function) else function
    target: Any = inspect.unwrap(getattr(bare, "__func__", bare))
    local: Mapping[str, Any] = {}
    if hasattr(target, "__code__"):
        local = inspect.getclosurevars(target).nonlocals
    try:
        return typing.get_type_hints(target, localns=dict(local), include_extras=True)
    except NameError as error:
        raise InvalidSignature(
            f"{where(call)}: {_name(call)}() has an annotation that cannot be resolved ({error}); "
            "define the name at module level, or import it outside of TYPE_CHECKING"
        ) from None
    except TypeError:
        return dict(getattr(target, "__annotations__", {}))


def _name(call: Any) -> str:
    target = call.func if _is_partial(call) else call
    return getattr(target, "__name__", None) or type(target).__name__


def _is_async(call: Any) -> bool:
    target = call.func if _is_partial(call) else call
    return inspect.iscoroutinefunction(target) or inspect.iscoroutinefunction(
        getattr(target, "__call__", None)  # noqa: B004 - the method is what gets inspected
    )


def _require_keyword(parameter: inspect.Parameter, call: Any) -> None:
    mistakes = {
        parameter.VAR_POSITIONAL: ("takes *", "name each parameter"),
        parameter.VAR_KEYWORD: ("takes **", "name each parameter"),
        parameter.POSITIONAL_ONLY: ("has the positional-only parameter ", "remove the `/`"),
    }
    if parameter.kind in mistakes:
        mistake, cure = mistakes[parameter.kind]
        raise InvalidSignature(
            f"{where(call)}: {_name(call)}() {mistake}{parameter.name}, which no client can fill; "
            f"{cure}"
        )


def _provider(annotation: Any) -> Callable[[], Any] | None:
    """How to make the value of an injected parameter; None for one that the client fills."""
    if isinstance(annotation, type):
        return annotation.current if issubclass(annotation, Injectable) else None
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, typing.Annotated):
        for member in typing.get_args(annotation):
            if isinstance(member, type) and issubclass(member, Injectable):
                return member.current
    return None


def _validated(name: str, visible: list[inspect.Parameter], call: Any, strict: bool) -> Arguments:
    try:
        return arguments_of(name, visible, strict=strict)
    except Exception as error:
        wrong = ", ".join(p.name for p in visible if not _can_be_validated(p)) or "its parameters"
        raise InvalidSignature(
            f"{where(call)}: {name}() cannot validate {wrong}: annotate it with a type that JSON "
            f"can be ({error})"
        ) from error


def _can_be_validated(parameter: inspect.Parameter) -> bool:
    try:
        arguments_of(parameter.name, [parameter], strict=False)
    except Exception:
        return False
    return True


def _welcoming(annotation: Any, default: Any) -> Any:
    """`x` takes anything, and `x: T = None` means that None is welcome."""
    if annotation is MISSING:
        return Any
    return optional(annotation) if default is None else annotation
