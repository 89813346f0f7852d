"""Which requests a rate limit counts, and which of them it counts together."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, Literal, TypeAlias, cast, get_args

from fastmcp.exceptions import ConfigurationError

from ..state.session_names import session_id_of
from .called_tool import called_tool, names_of
from .middleware import MiddlewareContext

Shared: TypeAlias = Literal["client", "principal", "tool", "global"]
KeyFunction: TypeAlias = Callable[[MiddlewareContext[Any]], str | Awaitable[str]]
Per: TypeAlias = Shared | KeyFunction

GLOBAL: Final = "global"
ANONYMOUS: Final = "anonymous"


class RateScope:
    """`per` says which requests are counted together: those of a client (the authenticated caller,
    else the address it calls from, else the connection), of a principal (the authenticated caller;
    all others are one), of a tool, or all; or a function names the bucket of a request.

    Only requests of `methods` are counted, and of calls only those of `tools`.
    """

    def __init__(
        self, per: Per, methods: Iterable[str] | None, tools: Iterable[str] | None
    ) -> None:
        if not callable(per) and per not in get_args(Shared):
            raise ConfigurationError(
                f"per={per!r}: use 'client', 'principal', 'tool', 'global', or a function of the "
                "middleware's context"
            )
        self.per = per
        self.tools: frozenset[str] | None = names_of("tools", tools)
        self.methods: frozenset[str] | None = names_of("methods", methods)
        if self.methods is None and (per == "tool" or self.tools is not None):
            self.methods = frozenset(("tools/call",))

    def covers(self, context: MiddlewareContext[Any]) -> bool:
        """Whether a request is counted."""
        if self.methods is None:
            return True
        if context.method not in self.methods:
            return False
        if self.tools is None or context.method != "tools/call":
            return True
        return called_tool(context) in self.tools

    async def key(self, context: MiddlewareContext[Any]) -> str:
        """The name of what a request is counted for."""
        per = self.per
        if per == "global":
            return GLOBAL
        if per == "client":
            return client_of(context)
        if per == "tool":
            return called_tool(context)
        if per == "principal":
            served = context.fastmcp_context
            return (None if served is None else served.principal) or ANONYMOUS
        name = cast("KeyFunction", per)(context)
        return await name if inspect.isawaitable(name) else name

    def subject(self, key: str) -> str:
        """Whose limit it is, for an error's text."""
        if callable(self.per) or self.per == "global":
            return f"client: {key}"
        return f"tool: {key}" if self.per == "tool" else "this client"

    def describe(self) -> list[Any]:
        """What tells this scope from others, as far as that can be written."""
        per = self.per if isinstance(self.per, str) else "function"
        return [per, sorted(self.methods or ()), sorted(self.tools or ())]


def client_of(context: MiddlewareContext[Any]) -> str:
    """The authenticated caller; else the address that it calls from; else its connection."""
    served = context.fastmcp_context
    if served is None:
        return ANONYMOUS
    principal = served.principal
    if principal is not None:
        return principal
    scope = served.exchange.scope
    if scope is None:
        return session_id_of(served.exchange)
    # Sessions are no measure over HTTP: anybody opens as many as he likes.
    address: Any = scope.get("client")
    return address[0] if address else ANONYMOUS
