"""Dependencies of Docket, and of the library that it has them from, as they stand in signatures.

Neither is imported for it: the classes of what stands there tell what it is.
"""

from __future__ import annotations

import copy
from typing import Any, Final, cast

from fastmcp._components.current import Scope, current_scope
from fastmcp.exceptions import InvalidSignature

from .dependencies import Argument, Dependency, Made, SharedMade

_LIBRARIES: Final = ("docket", "uncalled_for")
_POLICIES: Final = frozenset(("Retry", "Timeout", "Perpetual"))
_OF_THE_QUEUE: Final = frozenset(("ConcurrencyLimit", "RateLimit", "Cooldown", "Debounce"))
_HANDLERS: Final = frozenset(("FailureHandler", "Runtime", "CompletionHandler"))


class Borrowed(Dependency[Any]):
    """What `asked`, a dependency of another library, stands for in the request being served."""

    def __init__(self, asked: Any) -> None:
        self.asked = asked

    def __repr__(self) -> str:
        return type(self.asked).__name__

    async def __aenter__(self) -> Any:
        scope = current_scope.get(None) or Scope()
        return await scope.borrow(self.asked, kinds_of(self.asked))

    async def __aexit__(self, *exc_info: Any) -> None:
        await self.asked.__aexit__(*exc_info)


class Policy(Borrowed):
    """How a background task is to be run; without one it is an object that does nothing."""

    async def __aenter__(self) -> Any:
        policy, kinds = copy.copy(self.asked), kinds_of(self.asked)
        if "Timeout" in kinds:
            policy.start()
        if (scope := current_scope.get(None)) is not None:
            scope.police(policy, kinds)
        return policy

    async def __aexit__(self, *exc_info: Any) -> None:
        return None


def kinds_of(given: Any) -> frozenset[str]:
    """The names of those classes of the libraries that something is an instance of."""
    return frozenset(
        each.__name__
        for each in type(given).__mro__
        if each.__module__.partition(".")[0] in _LIBRARIES
    )


def as_dependency(given: Any) -> Dependency[Any] | None:
    """A default that stands for a value which no client gives; None for any other.

    Raises:
        InvalidSignature: it means nothing here.
    """
    if isinstance(given, Dependency):
        return cast("Dependency[Any]", given)
    kinds = kinds_of(given)
    if "Dependency" not in kinds:
        return None
    if "_CallArgument" in kinds:
        return Argument(given.parameter, None if given.optional else given.default)
    if "_Depends" in kinds:
        bindings: dict[str, Any] = given.bindings
        return Made(given.factory, {n: as_dependency(v) or v for n, v in bindings.items()})
    if "_Shared" in kinds:
        return SharedMade(given.factory, {})
    _require_kept(given, kinds)
    return Policy(given) if kinds & _POLICIES else Borrowed(given)


def supplied_by(extra: Any) -> Dependency[Any] | None:
    """What a member of `Annotated` supplies; None for one that says something else.

    Raises:
        InvalidSignature: it means nothing here.
    """
    if isinstance(extra, Dependency) or "Provider" in (kinds := kinds_of(extra)):
        return as_dependency(extra)
    if "Dependency" in kinds:
        _require_kept(extra, kinds)
    return None


def _require_kept(given: Any, kinds: frozenset[str]) -> None:
    name = type(given).__name__
    if kinds & _OF_THE_QUEUE:
        raise InvalidSignature(
            f"takes {name}, by which Docket's own worker holds tasks back; use the middleware that "
            "limits requests, or FASTMCP_DOCKET_CONCURRENCY"
        )
    if kinds & _HANDLERS and not kinds & _POLICIES:
        raise InvalidSignature(
            f"takes {name}, which only Docket's own worker can follow; use Retry, Timeout, "
            "Perpetual or Cron"
        )
