"""A server over streamable HTTP, in both eras (PROTOCOL 4.1 and 4.2)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from functools import partial
from typing import Any, Final, cast

from msgspec import DecodeError, Raw, json

from fastmcp._protocol.headers import encode_header
from fastmcp._protocol.mirroring import Plan, mirror, read_plan
from fastmcp._runtime.session import Session, as_error
from fastmcp.exceptions import (
    METHOD_NOT_FOUND,
    ClientError,
    Disconnected,
    McpError,
    RemoteProtocolError,
    SessionExpired,
    UnexpectedResponse,
)
from fastmcp.wire import jsonrpc
from fastmcp.wire.features import Tool
from fastmcp.wire.jsonrpc import Failure, RequestId
from fastmcp.wire.methods import METHODS
from fastmcp.wire.revisions import R2025_03_26, Revision
from fastmcp.wire.shapes import META_PROTOCOL_VERSION

from .http_client import HttpTransport
from .http_errors import shown, unexpected
from .http_exchange import EVENTS, JSON, HttpClient, Response
from .http_stream import EventStream
from .transport import ClientChannel

logger: Final = logging.getLogger("fastmcp.client")

SESSION = "mcp-session-id"
VERSION = "mcp-protocol-version"
_POST = {"accept": f"{JSON}, {EVENTS}", "content-type": JSON}
# How often in a row an answer's stream may fail to be taken up again.
ATTEMPTS = 5
# How long the server may take to end its session, in seconds.
PATIENCE = 2.0
# Refusals that may not last.
_PASSING = (408, 409, 425, 429)


class StreamableHttpTransport(HttpTransport):
    """Speaks to the MCP endpoint at `url`; `headers` go out with every request.

    `auth` is a bearer token, "oauth" to have a person sign in (`OAuth` of `fastmcp.client.auth` has
    the options), or an `Auth` object of httpx2 or httpx. `verify` says whom to trust: a
    file or folder of certificates, an `SSLContext`, or False for everybody. `sse_read_timeout` is
    how long an answer may be silent, in seconds, before the connection counts as lost; there is no
    limit by default. `httpx_client_factory` makes the HTTP client in place of all that; it is given
    those of `headers`, `auth`, `timeout` and `follow_redirects` that it takes.

    Redirects are followed within the origin only, whoever makes the client.
    """

    session_id: str | None = None

    def get_session_id(self) -> str | None:
        """The session that a handshake server gave; None while there is none."""
        return self.session_id

    def open(self) -> _HttpChannel:
        return _HttpChannel(self)


class _HttpChannel(ClientChannel):
    def __init__(self, transport: StreamableHttpTransport) -> None:
        self._transport = transport
        self._http = HttpClient(transport)
        self._session_id: str | None = None
        self._forgotten = False
        self._revision: Revision | None = None
        self._headers: dict[str, str] = {}
        self._to_listen = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._calls: dict[RequestId, asyncio.Task[None]] = {}
        self._plans: dict[str, Plan] = {}

    async def start(self, session: Session) -> None:
        self._session = session
        await self._http.open()

    def speak(self, revision: Revision) -> None:
        """From here on the header tells it; a handshake client also listens (PROTOCOL 4.2), once
        the next thing that it sends, `notifications/initialized`, has arrived.
        """
        self._revision = revision
        self._to_listen = not revision.modern
        if revision > R2025_03_26:
            self._headers[VERSION] = revision.text

    def learn(self, tools: list[Tool]) -> list[Tool]:
        """Which arguments of each tool travel in headers, too; a tool whose schema says that in
        an invalid way must not be used (PROTOCOL 4.1).
        """
        if self._revision is None or not self._revision.modern:
            return tools
        valid: list[Tool] = []
        for tool in tools:
            try:
                self._plans[tool.name] = read_plan(tool.input_schema)
                valid.append(tool)
            except ValueError as error:
                logger.warning("Left out the tool %r: %s", tool.name, error)
        return valid

    # Sending

    async def send(self, message: bytes, related: RequestId | None) -> None:
        """A notification of ours, or our answer to the server. Nobody waits for what becomes of it,
        and what is asked next finds the same trouble.
        """
        try:
            headers = {**_POST, **self._headers}
            async with self._http.exchange("POST", headers, message) as response:
                if response.status >= 400:
                    raise await self._unexpected(response)
        except Exception as error:
            logger.debug("A message was not delivered: %s", error)
        if self._to_listen:
            self._to_listen = False
            self._spawn(self._listen())

    async def call(
        self,
        id: RequestId,
        method: str,
        params: Any,
        message: bytes,
        related: RequestId | None = None,
    ) -> None:
        self._calls[id] = task = self._spawn(self._call(id, method, params, message))
        task.add_done_callback(lambda _: self._calls.pop(id, None))

    def abandon(self, id: RequestId, message: bytes) -> None:
        """Closing the response is how a modern request is cancelled (PROTOCOL 3.15); for a
        handshake server it means nothing, so it is told.
        """
        if (task := self._calls.get(id)) is not None:
            task.cancel()
        if self._revision is None or not self._revision.modern:
            self.refuse(message)

    def refuse(self, message: bytes) -> None:
        self._spawn(self.send(message, None))

    async def close(self) -> None:
        try:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._session_id is not None and not self._forgotten:
                await self._end_session()
        finally:
            if self._transport.session_id == self._session_id:
                self._transport.session_id = None
            await self._http.close()

    async def _end_session(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE), self._http.exchange("DELETE", self._headers):
                pass
        except Exception as error:
            logger.debug("The session was not ended: %s", error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _call_headers(self, method: str, params: Any) -> dict[str, str]:
        headers = {**_POST, **self._headers}
        version = modern_version(params)
        if version is None:
            if method == "initialize":
                headers.pop(SESSION, None)
                headers.pop(VERSION, None)
            return headers
        headers[VERSION] = version
        headers["mcp-method"] = method
        row = METHODS.get(method)
        target = params.get(row.target) if row is not None and row.target is not None else None
        if isinstance(target, str):
            headers["mcp-name"] = encode_header(target)
            if method == "tools/call" and (plan := self._plans.get(target)):
                headers.update(mirror(plan, _members(params.get("arguments"))))
        return headers

    # A request of ours, from its sending to its answer

    async def _call(self, id: RequestId, method: str, params: Any, message: bytes) -> None:
        try:
            stream = await self._post(id, method, params, message)
            if stream is not None:
                await self._follow(id, stream)
        except Exception as error:
            self._session.fail(id, error)

    async def _post(
        self, id: RequestId, method: str, params: Any, message: bytes
    ) -> EventStream | None:
        """Send a request and take what is answered; a stream if that may go on."""
        headers = self._call_headers(method, params)
        stream = None
        try:
            async with self._http.exchange("POST", headers, message) as response:
                if response.status >= 400:
                    refusal = await self._refusal(id, response, had_session=SESSION in headers)
                    if refusal is None:
                        return None
                    raise refusal
                if method == "initialize":
                    self._begin_session(response.headers.get(SESSION))
                if not response.is_stream:
                    await self._take_body(id, response)
                    return None
                outgoing = self._session.connection.outgoing
                take = partial(self._take, related=id)
                stream = EventStream(self._http, take, lambda: id in outgoing)
                await stream.read(response)
        except Disconnected:
            if stream is None or not stream.can_resume:
                raise
        return stream

    async def _follow(self, id: RequestId, stream: EventStream) -> None:
        """Go on with a stream that ended before its answer came (PROTOCOL 4.2)."""
        failure: Exception | None = None
        while id in self._session.connection.outgoing:
            if not stream.can_resume or stream.failures >= ATTEMPTS:
                raise self._cut_off(failure)
            await stream.pause()
            try:
                await stream.open(self._headers)
            except UnexpectedResponse as error:
                if error.status < 500 and error.status not in _PASSING:
                    raise self._cut_off(error) from error
                failure = error
            except Disconnected as error:
                failure = error

    def _cut_off(self, failure: Exception | None) -> Disconnected:
        """The server may well have carried out what it did not answer, whatever it says now."""
        why = f", and it cannot be taken up again: {failure}" if failure is not None else ""
        return Disconnected(
            f"Connection to {shown(self._transport.url)} was lost: the server ended the stream "
            f"before it answered{why}"
        )

    async def _take_body(self, id: RequestId, response: Response) -> None:
        """One message, or the array that 2025-03-26 allows."""
        body = await response.read()
        if not self._take(body, id) or id in self._session.connection.outgoing:
            raise unexpected(self._transport.url, response.status, body, response.headers)

    def _take(self, data: bytes, related: RequestId | None = None) -> bool:
        """Take messages, which came with the answer to a request; whether there were any."""
        try:
            for member in jsonrpc.split_batch(data) if jsonrpc.is_batch(data) else (data,):
                self._session.take(jsonrpc.decode(member), related)
        except RemoteProtocolError as error:
            logger.debug("Left out what is not a message: %s", error)
            return False
        return True

    async def _refusal(
        self, id: RequestId, response: Response, *, had_session: bool
    ) -> ClientError | McpError | None:
        """What a status of 400 and above means; None where the answer came with it all the same,
        as a result that says which scopes are missing does.
        """
        body = await response.read()
        status = response.status
        failure = _read_failure(body)
        error = None if failure is None else as_error(failure.error)
        if had_session and _is_forgotten(status, error):
            self._forgotten = True
            return SessionExpired("The server no longer knows this session")
        # What refuses the request before MCP is spoken may well say so in its form.
        outer = status >= 500 or status in (401, 403, 407, *_PASSING)
        if error is not None and failure is not None and (failure.id == id or not outer):
            return error
        if status == 403 and self._take(body, id) and id not in self._session.connection.outgoing:
            return None
        return unexpected(self._transport.url, status, body, response.headers)

    async def _unexpected(self, response: Response) -> UnexpectedResponse:
        body = await response.read()
        return unexpected(self._transport.url, response.status, body, response.headers)

    def _begin_session(self, id: str | None) -> None:
        if id is not None:
            self._headers[SESSION] = id
        self._session_id = self._transport.session_id = id

    # What belongs to no request

    async def _listen(self) -> None:
        """Hear it for as long as the server offers that, and say when it has lost the session."""
        stream = EventStream(self._http, self._take, lambda: True)
        while True:
            try:
                await stream.open(self._headers)
            except UnexpectedResponse as error:
                if error.status == 404 and self._session_id is not None:
                    self._forgotten = True
                    await self._session.wait_answered()  # what is under way learns it by itself
                    self._session.close(SessionExpired("The server no longer knows this session"))
                    return
                if error.status < 500 and error.status not in _PASSING:
                    return
            except ClientError as error:
                logger.debug("The listening stream ended: %s", error)
            except Exception:
                logger.exception("The listening stream cannot be opened")
                return
            await stream.pause()


def _members(arguments: Any) -> Mapping[str, Any]:
    """Arguments, which may be JSON that somebody else wrote."""
    if isinstance(arguments, Raw):
        arguments = json.decode(arguments)
    return cast("Mapping[str, Any]", arguments) if isinstance(arguments, Mapping) else {}


def modern_version(params: Mapping[str, Any] | None) -> str | None:
    """The revision in a request's envelope; None for a request of the handshake era."""
    meta: Mapping[str, Any] = (params or {}).get("_meta") or {}
    return meta.get(META_PROTOCOL_VERSION)


def _is_forgotten(status: int, error: McpError | None) -> bool:
    """Whether a refusal says that the session is gone: by 404, or as servers built on the
    TypeScript SDK do.
    """
    if status == 404:
        return error is None or error.code != METHOD_NOT_FOUND
    text = "" if error is None else error.message.lower()
    return status == 400 and ("session" in text or "not initialized" in text)


def _read_failure(body: bytes) -> Failure | None:
    try:
        message = jsonrpc.decode(body)
    except RemoteProtocolError:
        message = _loose_failure(body)
    return message if isinstance(message, Failure) else None


def _loose_failure(body: bytes) -> Failure | None:
    """An error whose envelope lacks something, as some gateways send it."""
    try:
        found = json.decode(body, type=dict[str, Any])
        return Failure(None, json.decode(json.encode(found["error"]), type=jsonrpc.ErrorData))
    except (DecodeError, KeyError, UnicodeError, RecursionError):
        return None
