"""What stands in a signature for a value that the client does not give.

A marker is a parameter's default, or is in its `Annotated`; the value takes its place in each call.
"""
# ruff: noqa: N802 - markers are functions with the names of what they stand for

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Generic, TypeVar, cast, overload

from fastmcp.exceptions import CycleError as CycleError

T = TypeVar("T")
Covariant = TypeVar("Covariant", covariant=True)

MISSING: Any = inspect.Parameter.empty


class Dependency(ABC, Generic[Covariant]):
    """Something that a function needs and no client gives.

    Entering it gives the value, leaving it comes after the function, in reverse order. One
    instance serves all calls, also at the same time.
    """

    def for_parameter(self, name: str) -> Dependency[Covariant]:
        """The dependency as it stands at the parameter `name`."""
        return self

    @abstractmethod
    async def __aenter__(self) -> Covariant: ...

    async def __aexit__(self, *exc_info: Any) -> None:
        return None


class Reading(Dependency[T]):
    """A value that is at hand: nothing is opened for it, and nothing waits. `lasting` values
    belong to the server, others to the request.
    """

    def __init__(self, read: Callable[[], T], *, lasting: bool = False) -> None:
        self.read = read
        self.lasting = lasting

    async def __aenter__(self) -> T:
        return self.read()


class Injectable:
    """A class whose instances a function receives by annotation; clients never see them."""

    @classmethod
    def current(cls) -> Any:
        """The instance for the request being served.

        Raises:
            RuntimeError: none is.
        """
        raise NotImplementedError


class Made(Dependency[T]):
    """What a factory makes, anew in each call."""

    def __init__(self, factory: Callable[..., Any], bindings: dict[str, Any]) -> None:
        if not callable(factory):
            raise TypeError(f"Depends() takes a function that makes the value, not {factory!r}")
        self.factory = factory
        self.bindings = bindings

    def __repr__(self) -> str:
        return f"Depends({getattr(self.factory, '__qualname__', self.factory)})"

    async def __aenter__(self) -> T:
        raise RuntimeError(f"{self!r} has a value only in a function that a server calls")

    @property
    def key(self) -> Hashable:
        """Equal for those that one call makes only once."""
        bindings = frozenset((name, _identity(v)) for name, v in self.bindings.items())
        return type(self), _identity(self.factory), bindings


class SharedMade(Made[T]):
    """What a factory makes once, for all calls of a server."""

    def __repr__(self) -> str:
        return super().__repr__().replace("Depends", "Shared", 1)


class Argument(Dependency[T]):
    """The value that one parameter of the called function has."""

    def __init__(self, name: str | None, default: Any) -> None:
        self.name = name
        self.default = default

    def for_parameter(self, name: str) -> Dependency[T]:
        return self if self.name is not None else Argument[T](name, self.default)

    async def __aenter__(self) -> T:
        raise RuntimeError("CallArgument() has a value only in a function that a server calls")


@overload
def Depends(factory: Callable[..., AbstractAsyncContextManager[T]], /, **bindings: Any) -> T: ...
@overload
def Depends(factory: Callable[..., AbstractContextManager[T]], /, **bindings: Any) -> T: ...
@overload
def Depends(factory: Callable[..., Awaitable[T]], /, **bindings: Any) -> T: ...
@overload
def Depends(factory: Callable[..., T], /, **bindings: Any) -> T: ...
def Depends(factory: Callable[..., Any], /, **bindings: Any) -> Any:
    """What `factory` makes in each call, once however often it is needed in one.

    A factory is a function, plain or async, a generator, whose rest runs after the call, or a
    class. A context manager that it returns is entered and left. Its own parameters may be
    dependencies; `bindings` give them values, or dependencies, from here.
    """
    return cast("Any", Made(factory, bindings))


@overload
def Shared(factory: Callable[..., AbstractAsyncContextManager[T]], /) -> T: ...
@overload
def Shared(factory: Callable[..., AbstractContextManager[T]], /) -> T: ...
@overload
def Shared(factory: Callable[..., Awaitable[T]], /) -> T: ...
@overload
def Shared(factory: Callable[..., T], /) -> T: ...
def Shared(factory: Callable[..., Any], /) -> Any:
    """What `factory` makes when it is first needed, kept open until the server stops."""
    return cast("Any", SharedMade(factory, {}))


def CallArgument(name: str | None = None, optional: bool = False, *, default: Any = MISSING) -> Any:
    """What the called function receives for its parameter `name`, checked.

    Without a name it is the parameter's own. A function that has none of this name gives
    `default`, or None to one that is `optional`; otherwise it is refused when it is registered.
    """
    if optional and default is not MISSING:
        raise TypeError("CallArgument() takes optional or default, not both")
    return cast("Any", Argument(name, None if optional else default))


def _identity(value: Any) -> Hashable:
    """What a value is known by: two that are equal and of one type are the same."""
    if isinstance(value, Made):
        return cast("Made[Any]", value).key
    if isinstance(value, Argument):
        return Argument, value.name, _identity(value.default)
    if isinstance(value, Dependency):
        return id(cast("Any", value))
    try:
        hash(value)
    except TypeError:
        return id(value)
    return cast("Any", type(value)), value
