"""MockContext: the real context, over a client that plays a script and notes what it hears."""

from __future__ import annotations

import asyncio
import inspect
import os
import weakref
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from msgspec import Raw, json

from fastmcp._components.current import current_scope
from fastmcp._components.functions.calling import invoker
from fastmcp._components.functions.signature import read_signature
from fastmcp._protocol.eras import Sender
from fastmcp._runtime.exchange import Exchange, SessionRecord
from fastmcp._runtime.portal import portal
from fastmcp.client.roots import RootsHandler, RootsList
from fastmcp.server.auth.identity import LocalIdentity
from fastmcp.server.context import Context, bridged, set_context
from fastmcp.server.server import FastMCP
from fastmcp.server.subscriptions import Change, Listener
from fastmcp.wire.inputs import CreateMessageRequestParams, ElicitRequestParams
from fastmcp.wire.lifecycle import Implementation
from fastmcp.wire.revisions import LATEST_HANDSHAKE

from .scripted_client import (
    LoggedMessage,
    ReportedProgress,
    Script,
    ScriptedClient,
    SentNotification,
)
from .stub_http import Responses, stub_http

if TYPE_CHECKING:
    import httpx2

    from fastmcp.server.lifetime.http_pool import HttpPool


class MockContext(Context):
    """The context of a request that no client sent, for calling a component's function directly.

    Inside of `with` or `async with` it is the current context. It can also be passed to a function
    that takes one, and `ctx.call(function, ...)` gives a function all that the server would inject.

    It is the real context: of `server`, or of one of its own, for a caller with the claims
    `user_info` (without: nobody is logged in), in the session `session_id`, with `state` set; with
    `headers` the request came over HTTP, and `meta` came with it.

    The client answers from `elicit` and `sample`: lists of answers, where an exception is raised,
    or functions as `Client` has them, of as many of their arguments as they want. `roots` are as
    `Client` takes them. What is not given is not offered. `http` is what `ctx.http` gets in place
    of the network: answers by URL, a function of the request, or an object to use instead.

    What the client heard and was asked is in `logs`, `progress`, `notifications`, `elicitations`
    and `samples`, and what `ctx.http` sent in `http_requests`.
    """

    def __init__(
        self,
        server: FastMCP | None = None,
        *,
        user_info: Mapping[str, Any] | None = None,
        session_id: str | None = None,
        state: Mapping[str, Any] | None = None,
        elicit: Script | None = None,
        sample: Script | None = None,
        roots: RootsList | RootsHandler | None = None,
        http: Responses | Any = None,
        headers: Mapping[str, str] | None = None,
        client_id: str = "mock",
        request_id: str = "mock-request",
        meta: Mapping[str, Any] | None = None,
        lifespan_context: Mapping[str, Any] | None = None,
    ) -> None:
        client = ScriptedClient(elicit, sample, roots)
        info = Implementation(name=client_id, version="1")
        exchange = _RecordingExchange(
            request_id,
            "tools/call",
            Raw(json.encode({} if meta is None else {"_meta": dict(meta)})),
            sender=Sender(LATEST_HANDSHAKE, client.capabilities, info),
            peer=client,
            transport="memory" if headers is None else "streamable-http",
            progress_token=request_id,
            session=SessionRecord(session_id or os.urandom(16).hex()),
            scope=None if headers is None else _scope(headers),
            identity=None if user_info is None else LocalIdentity.of(user_info),
            loop=self._loop(),
        )
        super().__init__(FastMCP("MockContext") if server is None else server, exchange)
        self._client = client
        self._listener = _Ear(self._told)
        self._tokens: list[Any] = []
        self._lifespan_context = lifespan_context
        self.http_requests: list[httpx2.Request] = []
        given: Any = http
        is_pool = hasattr(given, "post")
        self._http: HttpPool = given if is_pool else stub_http(given, self.http_requests)
        for key, value in (state or {}).items():
            self.set_state(key, value)

    def _loop(self) -> asyncio.AbstractEventLoop:
        """The running loop; without one, that of the portal, for as long as this exists."""
        try:
            return asyncio.get_running_loop()
        except RuntimeError:
            hold = portal.hold(_nothing)
            weakref.finalize(self, hold.abandon).atexit = False
            return hold.loop

    # What the client heard and was asked

    @property
    def logs(self) -> list[LoggedMessage]:
        """What was logged to the client: `(level, message, logger, extra)`."""
        return self._client.logs

    @property
    def progress(self) -> list[ReportedProgress]:
        """What was reported: `(progress, total, message)`."""
        return self._client.progress

    @property
    def notifications(self) -> list[SentNotification]:
        """All other notifications: `(method, params)`."""
        return self._client.notifications

    @property
    def elicitations(self) -> list[ElicitRequestParams]:
        """The questions to the user, with `message` and the form's `requested_schema`."""
        return self._client.elicitations

    @property
    def samples(self) -> list[CreateMessageRequestParams]:
        """The questions to the model, with their `messages`."""
        return self._client.samples

    # What is given instead of the server's

    @property
    def http(self) -> HttpPool:
        """The stub given as `http=`."""
        return self._http

    @property
    def lifespan_context(self) -> Mapping[str, Any]:
        """What was given, else what the server's lifespan yielded, if it runs."""
        return (
            super().lifespan_context if self._lifespan_context is None else self._lifespan_context
        )

    @bridged
    async def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a component's function, plain or async, with what the server would inject: the
        context, dependencies, progress. Its arguments are passed as they are.
        """
        signature = read_signature(function)
        given = inspect.signature(signature.call).bind_partial(*args, **kwargs).arguments
        injected = {name: give for name, give in signature.injected if name not in given}
        with set_context(self):
            values = {name: provide() for name, provide in injected.items()}
            return await invoker(signature)(**given, **values)

    # Being the current context

    def __enter__(self) -> Self:
        self._tokens.append(current_scope.set(self))
        self.fastmcp._parts.audience.join(self._listener)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()
        if self._exchange.outbox is None:
            return
        work = self._exchange.outbox.settle()
        if _is_running(self.home):
            _run_through(work)
        else:
            asyncio.run_coroutine_threadsafe(work, self.home).result()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, *exc_info: object) -> None:
        self._leave()
        if self._exchange.outbox is not None:
            await _at(self.home, self._exchange.outbox.settle())

    def _leave(self) -> None:
        current_scope.reset(self._tokens.pop())
        self.fastmcp._parts.audience.leave(self._listener)

    def _told(self, change: Change) -> None:
        if change.session in (None, self.session_id):
            params = {} if change.uri is None else {"uri": change.uri}
            self.notifications.append(SentNotification(change.method, params))


class _RecordingExchange(Exchange):
    """Notifications that are posted are there at once, for whoever looks for them next."""

    def post(self, method: str, params: Any) -> None:
        client = self.peer
        assert isinstance(client, ScriptedClient)
        client.hear(self._encode(method, params))


class _Ear(Listener):
    """Hears of the server's changes where they are told, without a loop."""

    def __init__(self, told: Callable[[Change], None]) -> None:
        self._told = told

    def hear(self, change: Change) -> None:
        self._told(change)

    def dismiss(self) -> None:
        pass

    def close(self) -> None:
        pass


async def _nothing() -> None:
    pass


def _scope(headers: Mapping[str, str]) -> dict[str, Any]:
    """An ASGI scope of a request with these headers."""
    raw = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
    ]
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/mcp",
        "raw_path": b"/mcp",
        "root_path": "",
        "query_string": b"",
        "headers": raw,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


def _is_running(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


async def _at(loop: asyncio.AbstractEventLoop, work: Any) -> None:
    if _is_running(loop):
        await work
    else:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))


def _run_through(work: Awaitable[None]) -> None:
    """Do, on the loop, what does not have to wait for anything."""
    step = work.__await__()
    try:
        step.send(None)
    except StopIteration:
        return
    step.close()
    raise RuntimeError("The server keeps its state in a store that takes time: use `async with`")
