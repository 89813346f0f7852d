"""The plan of a function's dependencies: what is opened in which order, and from what.

It is made when the function is registered, so that what cannot work is refused there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Generator, Hashable, Iterable, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

from msgspec import Struct

from fastmcp._components.functions.function import (
    innermost,
    is_async,
    is_async_generator,
    is_generator,
    name_of,
    where,
)
from fastmcp._components.functions.hints import hints_of
from fastmcp.exceptions import InvalidSignature

from .call import Key, Step
from .dependencies import (
    MISSING,
    Argument,
    CycleError,
    Dependency,
    Made,
    Reading,
    SharedMade,
)
from .parameters import dependency_of
from .steps import Entering, Making, Sharing, Taking, Wiring


class Plan(Struct, frozen=True):
    """The steps, and which parameter of the function gets the value of which."""

    steps: tuple[Step, ...]
    wiring: Wiring


class Outer(Struct, frozen=True):
    """The function whose dependencies are planned.

    `arguments` are the names that a call has values for, `constants` the parameters that keep
    their defaults. What a `shared` value needs outlives the call.
    """

    function: Any
    arguments: Collection[str] = ()
    dependencies: Mapping[str, Dependency[Any]] = {}
    constants: Mapping[str, Any] = {}
    shared: bool = False


def plan_of(outer: Outer) -> Plan | None:
    """Plan the dependencies of a function; None when it has none.

    Raises:
        CycleError: they need each other.
        InvalidSignature: a factory has a parameter that nothing fills.
    """
    if not outer.dependencies:
        return None
    planner = _Planner(outer, {})
    wiring = planner.wire(outer.dependencies.items(), outer.function)
    return Plan(tuple(planner.steps), wiring)


class _Constant(Struct, frozen=True):
    value: Any


class _Planner:
    """Walks from the function to what it needs, and puts first what is needed.

    `trail` has the dependencies between the function and where it is.
    """

    def __init__(self, outer: Outer, trail: dict[Hashable, str]) -> None:
        self.steps: list[Step] = []
        self._outer = outer
        self._trail = trail
        self._places: dict[Hashable, int] = {}

    def wire(self, needs: Iterable[tuple[str, Any]], owner: Any) -> Wiring:
        """Plan what parameters of `owner` need; values that are no dependencies stay."""
        links: list[tuple[str, Key]] = []
        constants: dict[str, Any] = {}
        for name, need in needs:
            source = self._source(need, name, owner)
            if isinstance(source, _Constant):
                constants[name] = source.value
            else:
                links.append((name, source))
        return Wiring(tuple(links), constants)

    def _source(self, need: Any, name: str, owner: Any) -> Key | _Constant:
        if not isinstance(need, Dependency):
            return _Constant(need)
        placed: Dependency[Any] = cast("Dependency[Any]", need).for_parameter(name)
        if isinstance(placed, Argument):
            return self._argument(placed, owner)
        key: Hashable = placed.key if isinstance(placed, Made) else id(placed)
        if key not in self._places:
            with self._passing(key, repr(placed)):
                self.steps.append(self._step(placed, owner))
            self._places[key] = len(self.steps) - 1
        return self._places[key]

    def _step(self, need: Dependency[Any], owner: Any) -> Step:
        if isinstance(need, Reading):
            if self._outer.shared and not need.lasting:
                raise _fleeting(owner, "the current request")
            return Taking(need.read)
        if isinstance(need, SharedMade):
            planner = _Planner(Outer(need.factory, shared=True), self._trail)
            planner.steps.append(planner._making(need))
            return Sharing(need.key, tuple(planner.steps))
        if isinstance(need, Made):
            return self._making(need)
        return Entering(need)

    def _making(self, need: Made[Any]) -> Making:
        factory, bindings = need.factory, need.bindings
        needs = {**_needs_of(factory, bindings), **bindings}
        return Making(
            _opening(factory), self.wire(needs.items(), factory), on_loop=_is_of_loop(factory)
        )

    def _argument(self, need: Argument[Any], owner: Any) -> Key | _Constant:
        outer, name = self._outer, need.name or ""
        if outer.shared:
            raise _fleeting(owner, "CallArgument()")
        if name in outer.arguments:
            return name
        if name in outer.constants:
            return _Constant(outer.constants[name])
        if name in outer.dependencies:
            with self._passing(f"parameter {name}", f"CallArgument({name!r})"):
                return self._source(outer.dependencies[name], name, outer.function)
        if need.default is not MISSING:
            return _Constant(need.default)
        raise InvalidSignature(
            f"{where(owner)}: {name_of(owner)}() takes CallArgument({name!r}), but "
            f"{name_of(outer.function)}() has no parameter {name}; correct the name, or write "
            "optional=True"
        )

    @contextmanager
    def _passing(self, key: Hashable, label: str) -> Generator[None]:
        """Go through a dependency; whoever comes back to it goes in a circle."""
        if key in self._trail:
            circle = " -> ".join([*self._trail.values(), label])
            raise CycleError(
                f"{where(self._outer.function)}: {name_of(self._outer.function)}() has "
                f"dependencies that need each other: {circle}; take one of them out"
            )
        self._trail[key] = label
        yield
        del self._trail[key]


def _fleeting(owner: Any, need: str) -> InvalidSignature:
    return InvalidSignature(
        f"{where(owner)}: {name_of(owner)}() makes a value for all calls, so it cannot take "
        f"{need}; use Depends() instead of Shared()"
    )


_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _needs_of(factory: Any, bindings: Mapping[str, Any]) -> dict[str, Dependency[Any]]:
    """The dependencies among a factory's parameters that are not bound."""
    try:
        parameters = inspect.signature(factory).parameters
    except (ValueError, TypeError):
        return {}  # of a class written in C: it is called without arguments
    hints = hints_of(factory).known
    needs: dict[str, Dependency[Any]] = {}
    unknown = bindings.keys() - parameters.keys()
    for name, parameter in parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            unknown = set[str]()
        if name in bindings or parameter.kind in _VARIADIC:
            continue
        need = _need_of(factory, hints.get(name, parameter.annotation), parameter.default)
        if need is not None:
            needs[name] = need
        elif parameter.default is MISSING and not hasattr(factory, "__signature__"):
            raise InvalidSignature(
                f"{where(factory)}: {name_of(factory)}() needs {name}, which nothing gives it; "
                f"give it a default, Depends(...) or CallArgument(), or bind it: "
                f"Depends({name_of(factory)}, {name}=...)"
            )
    if unknown:
        raise InvalidSignature(
            f"{where(factory)}: {name_of(factory)}() has no parameter "
            f"{', '.join(sorted(unknown))}; take it out of Depends(...)"
        )
    return needs


def _need_of(factory: Any, annotation: Any, default: Any) -> Dependency[Any] | None:
    try:
        return dependency_of(annotation, default)
    except InvalidSignature as error:
        raise InvalidSignature(f"{where(factory)}: {name_of(factory)}() {error}") from None


def _opening(factory: Any) -> Callable[..., Any]:
    """A generator is a context manager, decorated or not."""
    if is_async_generator(factory):
        return asynccontextmanager(factory)
    if is_generator(factory):
        return contextmanager(factory)
    return factory


def _is_of_loop(factory: Any) -> bool:
    """Whether a factory has to run on the event loop, decorated as it may be."""
    function = inspect.unwrap(innermost(factory))
    return is_async(factory) or is_async(function) or is_async_generator(function)
