"""The MCP endpoint over HTTP: an ASGI application that carries out the protocol's verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from msgspec import Raw

from fastmcp._protocol import headers as names
from fastmcp._protocol.eras import Sender, negotiate, progress_token
from fastmcp._protocol.headers import Headers, accepts, read_headers
from fastmcp._protocol.http import (
    EVENT_STREAM,
    LISTEN,
    Acknowledge,
    Handshake,
    Modern,
    Reject,
    arguments_of,
    batches_allowed,
    judge_post,
    refuse,
    revision_without_session,
    status_of,
)
from fastmcp._protocol.mirroring import Plan, check_mirrors
from fastmcp._runtime.dispatch import Dispatcher
from fastmcp._runtime.exchange import NO_ID, Exchange
from fastmcp._runtime.faults import STORE_UNAVAILABLE
from fastmcp.exceptions import InputUnavailable, InvalidRequest, McpError, StoreUnavailable
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import Notification, Request, RequestId
from fastmcp.wire.lifecycle import ClientCapabilities
from fastmcp.wire.revisions import REVISIONS, Revision

from ...auth.challenger import step_up
from ...request.detached import Nobody
from ..attendant import Attendant
from ..body import ASGIReceive, ASGISend, read_body
from ..caller import caller_of, token_of
from ..refusals import ENDING, unavailable
from ..reply import Reply
from ..settings import HttpSettings
from .session import HttpSession
from .sessions import Sessions
from .writer import StreamWriter

NO_SESSION = InvalidRequest(
    "Invalid request: the Mcp-Session-Id header is missing; this is an MCP endpoint, which "
    "`fastmcp list URL` shows"
)
ALLOW_POST = ((b"allow", b"POST"),)
ALLOW_ALL = ((b"allow", b"GET, POST, DELETE"),)


class StreamableHTTPEndpoint:
    """Serves one server's MCP over HTTP, in every revision, with sessions and without."""

    def __init__(
        self,
        dispatcher: Dispatcher[Any],
        sessions: Sessions,
        mirrors: Callable[[str, str | None, Any], Awaitable[Plan]],
        settings: HttpSettings,
    ) -> None:
        self._dispatcher = dispatcher
        self._telling: set[asyncio.Task[None]] = set()
        self._answer = dispatcher.within(settings.request_timeout)
        self._mirrors = mirrors
        self._settings = settings
        self.sessions = sessions

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: ASGIReceive, send: ASGISend
    ) -> None:
        headers = read_headers(scope["headers"])
        reply = Reply(send)
        try:
            if scope["method"] == "POST":
                await self._post(scope, headers, receive, reply)
            elif scope["method"] in ("GET", "DELETE"):
                await self._session_method(scope, headers, receive, reply)
            else:
                await reply.reject(Reject(405, headers=self._allow()))
        except StoreUnavailable:
            if reply.started:
                await reply.end_stream()
            else:
                await reply.reject(unavailable(McpError(code=-32603, message=STORE_UNAVAILABLE)))

    def _allow(self) -> tuple[tuple[bytes, bytes], ...]:
        return ALLOW_POST if self._settings.stateless else ALLOW_ALL

    async def _post(
        self,
        scope: MutableMapping[str, Any],
        headers: Headers,
        receive: ASGIReceive,
        reply: Reply,
    ) -> None:
        if headers.get(b"content-encoding") not in (None, "identity"):
            error = InvalidRequest("Invalid request: compressed bodies are not accepted")
            await reply.reject(refuse(error, status=415))
            return
        limit = self._settings.max_request_size
        body = await read_body(receive, headers.get(b"content-length"), limit)
        if body is None:
            return
        verdict = body if isinstance(body, Reject) else judge_post(headers, body)
        if isinstance(verdict, Modern):
            await self._serve_modern(verdict, headers, scope, receive, reply)
        elif isinstance(verdict, Handshake):
            await self._serve_handshake(verdict, scope, receive, reply)
        elif isinstance(verdict, Acknowledge):
            await reply.json(b"", 202)
            self._tell(verdict.message, Sender(verdict.revision, ClientCapabilities()), scope)
        else:
            await reply.reject(verdict, receive)

    # Requests that stand alone

    async def _serve_modern(
        self,
        verdict: Modern,
        headers: Headers,
        scope: MutableMapping[str, Any],
        receive: ASGIReceive,
        reply: Reply,
    ) -> None:
        request = verdict.request
        if request.method == LISTEN and self.sessions.dismissed:
            await reply.reject(ENDING)
            return
        try:
            if request.method == "tools/call":
                await self._check_mirrors(verdict, headers, token_of(scope))
            token = progress_token(verdict.envelope)
        except McpError as error:
            await reply.reject(refuse(error, request.id))
            return
        if verdict.sender.session is not None:
            await self.sessions.recognize(verdict.sender.session)
        exchange = self._exchange(request, verdict.sender, token, verdict.stream, scope, reply)
        await self._serve_alone(exchange, verdict, receive, reply)

    async def _check_mirrors(self, verdict: Modern, headers: Headers, token: Any) -> None:
        """Arguments that the tool has mirrored in headers have to be there, and equal."""
        if verdict.target is None:
            return
        version = verdict.envelope.version_of_component
        if plan := await self._mirrors(verdict.target, version, token):
            check_mirrors(plan, headers, arguments_of(verdict.request.params))

    async def _serve_sessionless(
        self,
        verdict: Handshake,
        request: Request,
        scope: MutableMapping[str, Any],
        receive: ASGIReceive,
        reply: Reply,
    ) -> None:
        """A handshake request without a session: nothing of it is remembered."""
        try:
            if request.method == "initialize":
                sender = negotiate(request.params)
            else:
                sender = Sender(revision_without_session(verdict.revision), ClientCapabilities())
            token = progress_token(verdict.envelope)
        except McpError as error:
            await reply.json(jsonrpc.encode_failure(request.id, error))
            return
        exchange = self._exchange(request, sender, token, verdict.stream, scope, reply)
        await self._serve_alone(exchange, verdict, receive, reply)

    def _exchange(
        self,
        request: Request,
        sender: Sender,
        token: RequestId | None,
        streams: bool,
        scope: MutableMapping[str, Any],
        reply: Reply,
    ) -> Exchange:
        return Exchange(
            request.id,
            request.method,
            request.params,
            sender=sender,
            peer=_Alone(reply, streams and self._may_stream(request.method)),
            transport="streamable-http",
            progress_token=token,
            scope=scope,
        )

    def _may_stream(self, method: str) -> bool:
        """A stream to listen on is one whatever the settings say (PROTOCOL 3.14)."""
        return not self._settings.json_response or method == LISTEN

    async def _serve_alone(
        self, exchange: Exchange, verdict: Modern | Handshake, receive: ASGIReceive, reply: Reply
    ) -> None:
        # Closing the response is how a modern client cancels (PROTOCOL 3.15).
        modern = exchange.sender.revision.modern
        task = asyncio.current_task()
        assert task is not None
        left = task.cancel if modern else _nothing
        streams = verdict.stream and self._may_stream(exchange.method)
        attendant = Attendant(receive, reply, left, idle=streams)
        try:
            answer = await self._answer(exchange)
        except asyncio.CancelledError:
            if not (modern and reply.gone) or task.uncancel() > 0:
                raise
            return
        finally:
            attendant.stop()
        if reply.gone:
            return
        fault = exchange.fault
        challenge = None if fault is None else step_up(fault, exchange.scope)
        if challenge is not None and not reply.started:
            await reply.challenge(answer.body, challenge)
        elif reply.started or not verdict.json:
            await reply.event(answer.body)
            await reply.end_stream()
        else:
            status = status_of(answer.error.code) if modern and answer.error is not None else 200
            await reply.json(answer.body, status)

    # Handshake clients

    async def _serve_handshake(
        self,
        verdict: Handshake,
        scope: MutableMapping[str, Any],
        receive: ASGIReceive,
        reply: Reply,
    ) -> None:
        session: HttpSession | None = None
        revision = revision_without_session(verdict.revision)
        if not self._settings.stateless:
            if verdict.initialize:
                session = await self.sessions.open(caller_of(scope))
                if session is None:
                    error = InvalidRequest("Too many sessions; try again later")
                    await reply.reject(refuse(error, status=503))
                    return
            elif verdict.session_id is not None:
                session = await self.sessions.find(verdict.session_id, caller_of(scope))
                if session is None:
                    await reply.reject(_unknown_session(verdict.messages[0]))
                    return
                sender = session.connection.lifecycle.sender
                revision = revision if sender is None else sender.revision
        if verdict.batch and not batches_allowed(revision):
            error = InvalidRequest(f"Invalid request: {revision} has no batches")
            await reply.reject(refuse(error))
        elif session is not None:
            await self._serve_session(session, verdict, scope, receive, reply)
        elif not verdict.batch and isinstance(verdict.messages[0], Request):
            await self._serve_sessionless(verdict, verdict.messages[0], scope, receive, reply)
        else:
            await self._serve_loose_batch(verdict, revision, scope, reply)

    async def _serve_loose_batch(
        self,
        verdict: Handshake,
        revision: Revision,
        scope: MutableMapping[str, Any],
        reply: Reply,
    ) -> None:
        """What needs no stream and has no session: notifications, and batches."""

        sender = Sender(revision, ClientCapabilities())

        async def answer(message: Request) -> bytes:
            exchange = self._exchange(message, sender, None, False, scope, reply)
            return (await self._answer(exchange)).body

        requests = [answer(m) for m in verdict.messages if isinstance(m, Request)]
        answers = [*_refusals(verdict), *await asyncio.gather(*requests)]
        if answers:
            await reply.json(b"[" + b",".join(answers) + b"]")
        else:
            await reply.json(b"", 202)
        for message in verdict.messages:
            if isinstance(message, Notification):
                self._tell(message, sender, scope)

    def _tell(self, message: Notification, sender: Sender, scope: MutableMapping[str, Any]) -> None:
        """Let middleware know of a notification that no session takes."""
        if self._dispatcher.hears_notifications:
            exchange = Exchange(
                NO_ID,
                message.method,
                message.params,
                sender=sender,
                peer=Nobody(),
                transport="streamable-http",
                scope=scope,
            )
            task = exchange.loop.create_task(self._dispatcher.notify(exchange))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _serve_session(
        self,
        session: HttpSession,
        verdict: Handshake,
        scope: MutableMapping[str, Any],
        receive: ASGIReceive,
        reply: Reply,
    ) -> None:
        connection = session.connection
        requests: dict[RequestId, Request] = {}
        for message in verdict.messages:
            if isinstance(message, Request):
                requests[message.id] = message
            elif isinstance(message, McpError) or await self.sessions.forward(session, message):
                continue  # the requests begin after this, which may yet fail
            else:
                connection.session.take(message)
        refusals = _refusals(verdict)
        if not requests:
            await self.sessions.settle(session)
            if refusals:
                await reply.json(b"[" + b",".join(refusals) + b"]", 400)
            else:
                await reply.json(b"", 202)
            return
        if busy := requests.keys() & connection.session.connection.incoming:
            error = InvalidRequest("Invalid request: a request with this id is still in flight")
            await reply.reject(refuse(error, min(busy, key=str)))
            return
        quiet = self._settings.json_response or not verdict.stream
        stream = session.open_stream(set(requests), quiet=quiet or verdict.initialize)
        assert connection.scopes is not None
        for id, request in requests.items():
            connection.scopes[id] = scope
            connection.session.take(request)
        writer = StreamWriter(reply, self._settings.retry_interval)
        if not await writer.answer(session, stream, verdict, refusals, receive):
            await reply.reject(_unknown_session(verdict.messages[0]))
        elif verdict.initialize and connection.lifecycle.sender is None:
            with suppress(StoreUnavailable):  # it was never kept
                await self.sessions.close(session)

    async def _session_method(
        self,
        scope: MutableMapping[str, Any],
        headers: Headers,
        receive: ASGIReceive,
        reply: Reply,
    ) -> None:
        """GET opens or resumes a stream; DELETE ends the session (PROTOCOL 4.2)."""
        version = headers.get(names.PROTOCOL_VERSION)
        revision = None if version is None else REVISIONS.get(version)
        if self._settings.stateless or (revision is not None and revision.modern):
            await reply.reject(Reject(405, headers=ALLOW_POST))
            return
        id = headers.get(names.SESSION_ID)
        if id is None:
            await reply.reject(refuse(NO_SESSION, status=400))
            return
        session = await self.sessions.find(id, caller_of(scope))
        if session is None:
            await reply.reject(_unknown_session())
        elif scope["method"] == "DELETE":
            await self.sessions.close(session)
            await reply.json(b"")
        elif not accepts(headers.get(b"accept"), EVENT_STREAM):
            error = InvalidRequest(f"Accept must list {EVENT_STREAM}")
            await reply.reject(refuse(error, status=406))
        else:
            last = headers.get(names.LAST_EVENT_ID)
            await self._listen(session, last, scope, receive, reply)

    async def _listen(
        self,
        session: HttpSession,
        last: str | None,
        scope: MutableMapping[str, Any],
        receive: ASGIReceive,
        reply: Reply,
    ) -> None:
        """Send what a stream of this session brings, from an event on or from now on."""
        if last is not None and session.can_resume:
            reader = await session.resume(last, scope)
            error = InvalidRequest(f"Invalid request: Last-Event-ID {last!r} is unknown")
            status = 400
        elif self.sessions.dismissed:
            await reply.reject(ENDING)
            return
        else:
            reader = await session.begin_listening()
            error = InvalidRequest("Invalid request: this session has a GET stream already")
            status = 409
        if reader is None:
            await reply.reject(refuse(error, status=status))
            return
        try:
            listens = reader.stream is not None and reader.stream is session.listening
            if listens and self.sessions.dismissed:
                await reply.reject(ENDING)
            else:
                writer = StreamWriter(reply, self._settings.retry_interval)
                await writer.follow(reader, receive)
        finally:
            await session.finish(reader)


class _Alone:
    """The peer of a request that no session carries: it hears, and cannot be asked."""

    __slots__ = ("_reply", "_streams")

    def __init__(self, reply: Reply, streams: bool) -> None:
        self._reply = reply
        self._streams = streams

    async def send(self, message: bytes, related: RequestId | None) -> None:
        if self._streams and not self._reply.gone:
            await self._reply.event(message)

    async def request(self, method: str, params: Any, related: RequestId | None) -> Raw:
        raise InputUnavailable(
            f"{method} needs a session; this request came without one, so its client cannot be "
            "asked"
        )

    def awaits(self, related: RequestId) -> bool:
        return not self._reply.gone

    def release(self, related: RequestId) -> None:
        pass


def _nothing() -> None:
    pass


def _refusals(verdict: Handshake) -> list[bytes]:
    return [
        jsonrpc.encode_failure(m.id if isinstance(m, InvalidRequest) else None, m)
        for m in verdict.messages
        if isinstance(m, McpError)
    ]


def _unknown_session(message: Any = None) -> Reject:
    """404 tells a client to initialize again (PROTOCOL 4.2)."""
    error = InvalidRequest(
        "Session not found: it has ended, or never was, or belongs to a worker that shares no "
        "session_store= with this one; initialize again"
    )
    return refuse(error, message.id if isinstance(message, Request) else None, status=404)
