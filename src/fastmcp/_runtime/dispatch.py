"""The one dispatch site: from a request's raw parameters to its encoded answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any, Generic, TypeAlias, TypeVar, cast

from msgspec import DecodeError, Raw, Struct, json

from fastmcp._logging.tracebacks import exc_info_of
from fastmcp._protocol.http import LISTEN
from fastmcp.exceptions import InvalidParams, McpError, MethodNotFound
from fastmcp.wire import jsonrpc
from fastmcp.wire.methods import METHODS, Method
from fastmcp.wire.model import Model
from fastmcp.wire.revisions import R2025_11_25, Revision, sieve
from fastmcp.wire.shapes import META_SERVER_INFO

from .exchange import Exchange
from .faults import to_error, took_too_long
from .interruption import ServerStopping, was_interrupted
from .outbox import Outbox

C = TypeVar("C")
Group: TypeAlias = BaseExceptionGroup[BaseException]
Handler: TypeAlias = Callable[[C, Any], Awaitable[Any]]
Render: TypeAlias = Callable[[C, Any, Any], Model]
Refused: TypeAlias = Callable[[C, Any, McpError], Awaitable[Any]]
Notified: TypeAlias = Callable[[C, Any], Awaitable[Any]]

logger = logging.getLogger("fastmcp.server")


class Route(Generic[C]):
    """One method as it is served: how its parameters are read, who acts, how the outcome looks.

    `act` is the whole middleware chain with the handler at its end; `render` turns the
    parameters and what the chain returned into the result of the wire.
    """

    __slots__ = ("act", "decode", "render", "row")

    def __init__(self, row: Method, act: Handler[C], render: Render[C]) -> None:
        self.row = row
        self.act = act
        self.render = render
        self.decode = json.Decoder(row.params).decode


class Answer(Struct):
    """An encoded response, and the error that it tells of."""

    body: bytes
    error: McpError | None = None


Observe: TypeAlias = Callable[
    [Exchange, Callable[[Exchange], Awaitable[Answer]]], Awaitable[Answer]
]


class Hints(Struct, frozen=True):
    """What a server adds to its modern results (PROTOCOL 1.1 and 3.17)."""

    server_info: dict[str, Any]
    ttl_ms: int = 0
    cache_scope: str = "private"


class Dispatcher(Generic[C]):
    """Serves requests by a table of routes; `make_context` gives each one its context.

    `refused` is called for requests that no route can take, and raises or answers; `notified`
    hears of notifications. `observe`, where it is set, stands around every request.
    """

    def __init__(
        self,
        routes: Mapping[str, Route[C]],
        make_context: Callable[[Exchange], C],
        current: ContextVar[Any],
        hints: Hints,
        *,
        masked: bool,
        refused: Refused[C] | None = None,
        notified: Notified[C] | None = None,
    ) -> None:
        self.observe: Observe | None = None
        self._routes = routes
        self._refused = refused
        self._notified = notified
        self._make_context = make_context
        self._current = current
        self._hints = hints
        self._masked = masked

    def replace(
        self,
        routes: Mapping[str, Route[C]],
        refused: Refused[C] | None = None,
        notified: Notified[C] | None = None,
    ) -> None:
        """Serve by another table from the next request on."""
        self._routes = routes
        self._refused = refused
        self._notified = notified

    @property
    def hears_notifications(self) -> bool:
        """Whether anybody wants to know of notifications."""
        return self._notified is not None

    async def notify(self, exchange: Exchange) -> None:
        """Let those know of a notification who want to; what they raise is logged."""
        if self._notified is None:
            return
        context = self._make_context(exchange)
        token = self._current.set(context)
        try:
            await self._notified(context, _readable(exchange.params))
        except Exception as error:
            logger.error("Error hearing of %s", exchange.method, exc_info=exc_info_of(error))
        finally:
            self._current.reset(token)

    def answer(self, exchange: Exchange) -> Awaitable[Answer]:
        """The encoded response to a request, whatever happens to it."""
        if self.observe is None:
            return self._answer(exchange)
        return self.observe(exchange, self._answer)

    async def _answer(self, exchange: Exchange) -> Answer:
        try:
            result = await self._dispatch(exchange)
            answer = Answer(jsonrpc.encode_result(exchange.id, result))
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as raised:
            fault = raised
            if _is_cancellation(fault):
                if was_interrupted():
                    fault = ServerStopping()
                elif _is_being_cancelled():
                    if isinstance(fault, asyncio.CancelledError):
                        raise
                    raise asyncio.CancelledError from fault
            exchange.report(fault)
            error = to_error(
                fault,
                method=exchange.method,
                params=exchange.params,
                revision=exchange.sender.revision,
                masked=self._masked,
            )
            answer = Answer(jsonrpc.encode_failure(exchange.id, error), error)
        if exchange.outbox is not None:
            await self._settle(exchange.outbox)
        return answer

    async def _settle(self, outbox: Outbox) -> None:
        """Send what goes before the answer; that the server stops does not destroy the answer."""
        try:
            await outbox.settle()
        except asyncio.CancelledError:
            if not was_interrupted():
                raise

    def within(self, seconds: float | None) -> Callable[[Exchange], Awaitable[Answer]]:
        """`answer` for requests that may take so long; one that takes longer is cancelled, and
        answered with an error.
        """
        if seconds is None:
            return self.answer

        def answer(exchange: Exchange) -> Awaitable[Answer]:
            if exchange.method == LISTEN:
                return self.answer(exchange)
            return timed(exchange) if self.observe is None else self.observe(exchange, timed)

        async def timed(exchange: Exchange) -> Answer:
            deadline = asyncio.timeout(seconds)
            try:
                async with deadline:
                    return await self._answer(exchange)
            except TimeoutError:
                if not deadline.expired():
                    raise
                error = took_too_long(seconds)
                return Answer(jsonrpc.encode_failure(exchange.id, error), error)

        return answer

    async def _dispatch(self, exchange: Exchange) -> Model:
        try:
            route = self._route(exchange.method, exchange.sender.revision)
            params = _decoded(route, exchange)
        except McpError as error:
            if self._refused is None:
                raise
            return await self._refuse(exchange, error, self._refused)
        context = self._make_context(exchange)
        token = self._current.set(context)
        try:
            outcome = await route.act(context, params)
            result = route.render(context, params, outcome)
            return self._finish(route, result, exchange.sender.revision)
        finally:
            self._current.reset(token)

    async def _refuse(self, exchange: Exchange, error: McpError, refused: Refused[C]) -> Model:
        context = self._make_context(exchange)
        token = self._current.set(context)
        try:
            await refused(context, _readable(exchange.params), error)
        except McpError:
            raise
        except Exception as fault:
            what = "Error hearing of %s, which was refused"
            logger.error(what, exchange.method, exc_info=exc_info_of(fault))
        finally:
            self._current.reset(token)
        raise error

    def _route(self, method: str, revision: Revision) -> Route[C]:
        route = self._routes.get(method)
        if route is None or not route.row.in_revision(revision):
            known = METHODS.get(method)
            when = f" in {revision}" if known is not None else ""
            raise MethodNotFound(f"Method not found{when}: {method}", {"method": method})
        return route

    def _finish(self, route: Route[C], result: Any, revision: Revision) -> Model:
        """Give a result what its revision asks of every result, and nothing that it lacks."""
        if not revision.modern:
            return sieve(result, revision) if revision < R2025_11_25 else result
        hints = self._hints
        if result.result_type is None:
            result.result_type = "complete"
        result.meta = {META_SERVER_INFO: hints.server_info, **(result.meta or {})}
        if route.row.cacheable and result.result_type == "complete":
            if result.ttl_ms is None:
                result.ttl_ms = hints.ttl_ms
            if result.cache_scope is None:
                result.cache_scope = hints.cache_scope
        return result


def _decoded(route: Route[Any], exchange: Exchange) -> Any:
    try:
        return route.decode(exchange.params)
    except (DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidParams(f"Invalid params for {exchange.method}: {error}") from None


def _readable(params: Raw) -> Any:
    """Parameters as they came; None where they cannot be read."""
    try:
        return json.decode(params)
    except (DecodeError, UnicodeError, RecursionError):
        return None


def _is_cancellation(fault: BaseException) -> bool:
    """Whether it is one, or several that a function has put together."""
    if isinstance(fault, BaseExceptionGroup):
        return all(_is_cancellation(each) for each in cast("Group", fault).exceptions)
    return isinstance(fault, asyncio.CancelledError)


def _is_being_cancelled() -> bool:
    """Whether somebody cancelled this request, rather than its function raising that by itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
