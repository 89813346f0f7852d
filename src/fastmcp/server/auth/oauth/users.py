"""Who the user is that a consent page is shown to: the application says it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from fastmcp._runtime.threads import run_in_thread
from fastmcp.exceptions import ConfigurationError

from ..provider import scopes_of

Authenticate: TypeAlias = Callable[[Request], Any]
_CHOICES = (
    "the user's id, a mapping with it as `sub`, a response that leads to the page where one signs "
    "in, or None"
)


class User(Struct, frozen=True):
    """A user: `scopes` are those that they may give away, None for all."""

    subject: str
    claims: dict[str, Any]
    scopes: list[str] | None = None


async def user_of(authenticate: Authenticate, request: Request) -> User | Response | None:
    """What the application says of a request's user; a response if they have to sign in first.

    Raises:
        ConfigurationError: it says something else.
    """
    if inspect.iscoroutinefunction(authenticate):
        said = await authenticate(request)
    else:
        said = await run_in_thread(lambda: authenticate(request))
        if inspect.isawaitable(said):
            said = await said
    if said is None or isinstance(said, Response):
        return said
    if isinstance(said, str) and said:
        return User(said, {})
    if isinstance(said, Mapping):
        claims = dict(cast("Mapping[str, Any]", said))
        subject = claims.get("sub", claims.get("user"))
        if subject is not None and str(subject):
            scopes = claims.pop("scopes", None)
            return User(
                str(subject), claims, None if scopes is None else scopes_of(scopes, "scopes")
            )
    kind = type(cast("object", said)).__name__
    raise ConfigurationError(f"authenticate= returned {kind}: it returns {_CHOICES}")
