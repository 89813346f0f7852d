"""What a callable is: what runs, whose parameters it has, and by what it is described."""

from __future__ import annotations

import functools
import inspect
import logging
import types
from collections.abc import Callable
from typing import Any, cast

from msgspec import Struct

from fastmcp.exceptions import InvalidSignature

_logger = logging.getLogger("fastmcp.signature")


class Function(Struct, frozen=True):
    """A callable: `call` is what runs, `source` what is read for it.

    `doc` describes what it does, `doc_of_parameters` what it takes.
    """

    call: Callable[..., Any]
    source: Callable[..., Any]
    signature: inspect.Signature
    name: str
    doc: str | None
    doc_of_parameters: str | None


def function_of(given: Any) -> Function:
    """Find the function of a function, method, callable object, partial or wrapper.

    Raises:
        InvalidSignature: nothing can be called without more.
    """
    if isinstance(given, type):
        raise InvalidSignature(
            f"{given.__qualname__} is a class; register an instance that can be called, or a "
            "bound method"
        )
    if isinstance(given, classmethod):
        function = cast("Any", given).__func__
        raise InvalidSignature(_unbound(function, of=function.__qualname__.rpartition(".")[0]))
    call: Any = given.__func__ if isinstance(given, staticmethod) else given
    if not callable(call):
        raise InvalidSignature(f"{given!r} cannot be called; register a function")
    source = _behind(call)
    signature = _signature_of(source)
    if _is_unbound(source, signature):
        raise InvalidSignature(_unbound(source))
    if is_open(signature):
        _logger.warning(
            "%s: %s() does not tell its parameters, so that it is offered as taking any; decorate "
            "it with functools.wraps",
            where(source),
            name_of(source),
        )
    return Function(call, source, signature, name_of(source), *_docs_of(source))


def where(function: Any) -> str:
    """`file:line` of a function, for messages to its author."""
    code = getattr(inspect.unwrap(innermost(function)), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else repr(function)


def name_of(call: Any) -> str:
    """The name that it was defined by."""
    target = innermost(call)
    return getattr(target, "__name__", None) or type(target).__name__


def innermost(call: Any) -> Any:
    """What partials are of."""
    while isinstance(call, functools.partial):
        call = cast("Any", call).func
    return call


def is_object(call: Any) -> bool:
    """Whether its parameters are those of its class's `__call__`."""
    return not inspect.isroutine(call) and not hasattr(call, "__wrapped__")


def is_async(call: Any) -> bool:
    """Whether calling it gives a coroutine."""
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(_method(call))


def is_async_generator(call: Any) -> bool:
    """Whether calling it gives an async generator."""
    return inspect.isasyncgenfunction(call) or inspect.isasyncgenfunction(_method(call))


def is_generator(call: Any) -> bool:
    """Whether calling it gives a generator."""
    return inspect.isgeneratorfunction(call) or inspect.isgeneratorfunction(_method(call))


def is_open(signature: inspect.Signature) -> bool:
    """Whether it is `(*args, **kwargs)`: the parameters of a wrapper, not of a function."""
    kinds = [parameter.kind for parameter in signature.parameters.values()]
    return kinds == [inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD]


def closure_of(function: Any) -> dict[str, Any]:
    """The variables of enclosing functions that a function uses, as far as they have a value."""
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    found: dict[str, Any] = {}
    for name, cell in zip(names, getattr(function, "__closure__", None) or (), strict=False):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    return found


def _signature_of(source: Any) -> inspect.Signature:
    try:
        return inspect.signature(source)
    except (ValueError, TypeError):
        raise InvalidSignature(
            f"{name_of(source)}() does not tell its parameters; register a function that calls it"
        ) from None


def _method(call: Any) -> Any:
    target = innermost(call)
    return None if inspect.isroutine(target) or not callable(target) else type(target).__call__


def _docs_of(source: Any) -> tuple[str | None, str | None]:
    target = innermost(source)
    if not is_object(target):
        doc = inspect.getdoc(target)
        return doc, doc
    doc = _own_doc(type(target).__call__)
    own = _own_doc(type(target))
    if own is None or own.startswith(f"{name_of(target)}("):  # what a dataclass says of itself
        return doc, doc
    return own, doc


def _own_doc(described: Any) -> str | None:
    return inspect.cleandoc(described.__doc__) if described.__doc__ else None


def _behind(wrapper: Any) -> Any:
    """The function behind wrappers that do not tell what they wrap: the only one that each of
    them holds. A wrapper that holds none, or several, is read itself.
    """
    found = wrapper
    while (held := _held(found)) is not None:
        _logger.warning(
            "%s: %s() wraps %s() without functools.wraps; its parameters are taken from there",
            where(found),
            name_of(found),
            name_of(held),
        )
        found = held
    return found


def _held(wrapper: Any) -> Any | None:
    bound = inspect.unwrap(innermost(wrapper))
    function = getattr(bound, "__func__", bound)
    if not inspect.isfunction(function) or not _takes_anything(function):
        return None
    held = [item for item in closure_of(function).values() if inspect.isroutine(item)]
    if len(held) != 1:
        return None
    return types.MethodType(held[0], bound.__self__) if inspect.ismethod(bound) else held[0]


def _takes_anything(function: types.FunctionType) -> bool:
    """As `is_open`, without the cost of a signature."""
    code = function.__code__
    wanted = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
    return (
        code.co_flags & wanted == wanted
        and code.co_argcount + code.co_kwonlyargcount == 0
        and not hasattr(function, "__signature__")
    )


def _is_unbound(source: Any, signature: inspect.Signature) -> bool:
    """Whether it is a function of a class body, waiting for its object."""
    first = next(iter(signature.parameters.values()), None)
    if first is None or first.name not in ("self", "cls") or inspect.ismethod(source):
        return False
    owner = getattr(source, "__qualname__", "").rpartition(".")[0]
    return (
        first.annotation is inspect.Parameter.empty
        and first.default is inspect.Parameter.empty
        and bool(owner)
        and not owner.endswith("<locals>")
    )


def _unbound(function: Any, of: str = "obj") -> str:
    owner, _, name = function.__qualname__.rpartition(".")
    return (
        f"{where(function)}: {owner}.{name}() is a method without its object; register the bound "
        f"method, as in mcp.add_tool({of}.{name})"
    )
