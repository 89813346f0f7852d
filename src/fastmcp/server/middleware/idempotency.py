"""IdempotencyMiddleware: a call that is made twice with the same key is done once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, TypeAlias, cast

from msgspec import Raw, json

from fastmcp.exceptions import ConfigurationError, InvalidParams, LimitError, StoreUnavailable
from fastmcp.tools.tool_result import ToolResult
from fastmcp.transports import check_positive
from fastmcp.wire.features import CallToolResult, read_call_result

from ..backplane.backplane import Backplane
from ..backplane.opening import backplane_of
from ..catalogue import version_asked_for
from ..inputs.fingerprint import fingerprint
from ..state.session_names import session_id_of
from .called_tool import called_tool, names_of
from .idempotency_stores import AnswerStore, BackplaneAnswers, Claim, MemoryAnswers
from .middleware import CallNext, Middleware, MiddlewareContext
from .rate_stores import PAUSE, OnStoreFailure, checked_on_failure

META_KEY = "idempotencyKey"
_LONGEST = 255

Flight: TypeAlias = "Future[bytes | None]"


class IdempotencyError(LimitError):
    """It cannot be told whether the call was made before."""


class IdempotencyMiddleware(Middleware):
    """Gives calls of tools that have the same key the same answer, for `ttl` seconds; one that
    comes while the first is running waits for it.

    The key is what the client sends in `_meta` under `meta_key`, or in the `argument` of that name.
    With `annotated`, calls without a key of tools that say they are idempotent have one: their
    arguments. That is for tools whose answer depends on nothing else.

    Keys are those of one principal, so that nobody gets the answer of somebody else. Callers who
    are not authenticated share theirs: they should choose keys that nobody guesses. The same key
    for another tool or other arguments is an error. A call that fails, or asks its client, has no
    answer that is kept.

    Answers are kept in this process, at most `max_entries`; or in a `store` that several share: a
    backplane, or its URL (`redis://…`, `sqlite:///…`). While that cannot be reached, calls with
    keys are refused, or with `on_store_failure="allow"` made without knowing.

    Raises:
        ConfigurationError: an option that cannot be.
    """

    def __init__(
        self,
        ttl: float = 24 * 3600.0,
        *,
        meta_key: str = META_KEY,
        argument: str | None = None,
        annotated: bool = False,
        tools: Iterable[str] | None = None,
        store: Backplane | str | None = None,
        on_store_failure: OnStoreFailure = "refuse",
        max_entries: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        check_positive(ttl=ttl, max_entries=max_entries)
        if not meta_key:
            raise ConfigurationError("meta_key='': it has to name a member of _meta")
        self._meta_key = meta_key
        self._argument = argument
        self._annotated = annotated
        self._tools = names_of("tools", tools)
        backplane = backplane_of(store, "store")
        self._store: AnswerStore = (
            MemoryAnswers(ttl, max_entries, clock)
            if backplane is None
            else BackplaneAnswers(backplane, ttl)
        )
        self._allows = checked_on_failure(on_store_failure) == "allow"
        self._lock = threading.Lock()
        # Calls that are being answered; those with the same key wait for them.
        self._flights: dict[str, Flight] = {}

    async def on_call_tool(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Answer as before, if this was asked before."""
        key = await self._key_of(context)
        if key is None:
            return await call_next(context)
        name, print_ = fingerprint(key).hex(), fingerprint(_call(context))[:16]
        while (first := self._join(name)) is not None:
            kept = await asyncio.wrap_future(first)
            if kept is not None:
                return _result(kept, print_)
        answer: bytes | None = None
        try:
            claim = await self._claim(name)
            if isinstance(claim, bytes):
                answer = claim
                return _result(claim, print_)
            result, answer = await _answered(claim, print_, context, call_next)
            return result
        finally:
            with self._lock:
                flight = self._flights.pop(name)
            flight.set_result(answer)

    def _join(self, name: str) -> Flight | None:
        """The call with that key which is being answered; None makes this one it."""
        with self._lock:
            first = self._flights.get(name)
            if first is None:
                mine: Flight = Future()
                mine.set_running_or_notify_cancel()  # who waits for it cannot cancel it
                self._flights[name] = mine
            return first

    async def _claim(self, name: str) -> bytes | Claim | None:
        try:
            return await self._store.claim(name)
        except StoreUnavailable as error:
            if self._allows:
                return None
            raise IdempotencyError(
                "It cannot be told now whether this call was made before; try again later", PAUSE
            ) from error

    async def _key_of(self, context: MiddlewareContext[Any]) -> list[Any] | None:
        """Whose key, and which; None for a call without one."""
        if self._tools is not None and called_tool(context) not in self._tools:
            return None
        served = context.fastmcp_context
        assert served is not None
        meta: dict[str, Any] = context.message.meta or {}
        given: Any = meta.get(self._meta_key)
        if given is None and self._argument is not None:
            given = _arguments(context).get(self._argument)
        if given is not None:
            if not isinstance(given, str) or not 0 < len(given) <= _LONGEST:
                raise InvalidParams(f"An idempotency key is a text of 1 to {_LONGEST} characters")
            return ["key", served.principal, given]
        if self._annotated and await _says_idempotent(context):
            who = served.principal or ["session", session_id_of(served.exchange)]
            return ["call", who, *_call(context)]
        return None


async def _answered(
    claim: Claim | None,
    print_: bytes,
    context: MiddlewareContext[Any],
    call_next: CallNext[Any, Any],
) -> tuple[Any, bytes | None]:
    """The result of a call, and what is kept of it."""
    answer: bytes | None = None
    try:
        result = await call_next(context)
        written = _written(result)
        answer = None if written is None else print_ + written
    finally:
        if claim is not None:
            await (claim.release() if answer is None else claim.keep(answer))
    return result, answer


def _written(result: Any) -> bytes | None:
    """The JSON of an answer; None for what is none: a failure, or a question to the client."""
    if isinstance(result, ToolResult):
        result = result.to_wire()
    if not isinstance(result, CallToolResult) or result.is_error:
        return None
    return json.encode(result)


def _result(kept: bytes, print_: bytes) -> ToolResult:
    """The result that was kept for this call.

    Raises:
        InvalidParams: it is that of another call.
    """
    if not kept.startswith(print_):
        raise InvalidParams("This idempotency key was used for another tool, or other arguments")
    result = read_call_result(Raw(kept[len(print_) :]))
    has = result.has_structured_content
    structured = json.encode(result.structured_content) if has else None
    return ToolResult.encoded(result.content, structured, result.meta)


async def _says_idempotent(context: MiddlewareContext[Any]) -> bool:
    assert context.fastmcp_context is not None
    message = context.message
    tool = await context.fastmcp_context.catalogue.tools.get(
        message.name, version_asked_for(message.meta)
    )
    hints = None if tool is None else tool.annotations
    return hints is not None and bool(hints.idempotent_hint)


def _call(context: MiddlewareContext[Any]) -> list[Any]:
    """What is called, with what."""
    message = context.message
    return [message.name, version_asked_for(message.meta), _arguments(context)]


def _arguments(context: MiddlewareContext[Any]) -> dict[str, Any]:
    arguments: Any = context.message.arguments
    return cast("dict[str, Any]", arguments) if isinstance(arguments, dict) else {}
