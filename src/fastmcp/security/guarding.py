"""Functions that are run only after something has let them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from typing import Any, TypeVar, cast

from fastmcp._components.functions.function import (
    is_async,
    is_async_generator,
    is_generator,
    name_of,
)
from fastmcp.exceptions import ConfigurationError

F = TypeVar("F", bound=Callable[..., Any])


def guarded(function: F, guard: Callable[..., None], decorator: str) -> F:
    """The same function, of the same kind and signature, which calls `guard` with its arguments
    first; what that raises is raised instead.

    Raises:
        ConfigurationError: it is no function.
    """
    if not callable(function) or isinstance(function, type):
        raise ConfigurationError(
            f"@{decorator} protects functions, not {function!r}; it stands below @mcp.tool, "
            "@mcp.resource, @mcp.prompt or @mcp.custom_route"
        )
    call: Any = function
    if is_async(call):

        async def answer(*args: Any, **kwargs: Any) -> Any:
            guard(*args, **kwargs)
            return await call(*args, **kwargs)

        made: Any = answer
    elif is_async_generator(call):

        async def produce(*args: Any, **kwargs: Any) -> Any:
            guard(*args, **kwargs)
            async for each in call(*args, **kwargs):
                yield each

        made = produce
    elif is_generator(call):

        def generate(*args: Any, **kwargs: Any) -> Any:
            guard(*args, **kwargs)
            made: Generator[Any, Any, Any] = call(*args, **kwargs)
            return (yield from made)

        made = generate
    else:

        def run(*args: Any, **kwargs: Any) -> Any:
            guard(*args, **kwargs)
            return call(*args, **kwargs)

        made = run
    functools.update_wrapper(made, call)
    made.__name__ = name_of(call)
    return cast("F", made)
