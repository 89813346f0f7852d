"""A server over streamable HTTP, in both eras (PROTOCOL 4.1 and 4.2)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import DecodeError, json

from fastmcp._protocol.framing import EventParser
from fastmcp._protocol.headers import encode_header
from fastmcp._protocol.mirroring import Plan, mirror, read_plan
from fastmcp._runtime.session import Session, as_error
from fastmcp.exceptions import (
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

from .transport import ClientTransport

if TYPE_CHECKING:
    import httpx2

logger = logging.getLogger("fastmcp.client")

ACCEPT = "application/json, text/event-stream"
SESSION = "mcp-session-id"
VERSION = "mcp-protocol-version"
# How long to wait before a stream is resumed when the server does not say, and how often in a row.
RETRY = 1.0
ATTEMPTS = 5

ClientFactory: TypeAlias = Callable[..., "httpx2.AsyncClient"]


class _HttpChannel:
    def __init__(self, transport: StreamableHttpTransport) -> None:
        self._transport = transport
        self._client: Any = None
        self._session: Session | None = None
        self._session_id: str | None = None
        self._revision: Revision | None = None
        self._to_listen = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._calls: dict[RequestId, asyncio.Task[None]] = {}
        self._plans: dict[str, Plan] = {}

    async def start(self, session: Session) -> None:
        self._session = session
        self._client = self._transport.make_client()
        await self._client.__aenter__()

    def speak(self, revision: Revision) -> None:
        """From here on the header tells it; a handshake client also listens (PROTOCOL 4.2), once
        the next thing that it sends, `notifications/initialized`, has arrived.
        """
        self._revision = revision
        self._to_listen = not revision.modern

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

    async def send(self, message: bytes, related: RequestId | None) -> None:
        """A notification of ours, or our answer to the server."""
        try:
            async with self._exchange("POST", message, self._headers()) as response:
                if response.status_code >= 400:
                    body = await response.aread()
                    logger.debug("A notification was answered %d: %r", response.status_code, body)
        except ClientError as error:
            logger.debug("A notification was not delivered: %s", error)
        if self._to_listen:
            self._to_listen = False
            self._spawn(self._listen())

    async def reply(self, id: RequestId, message: bytes) -> None:
        await self.send(message, None)

    async def call(
        self,
        id: RequestId,
        method: str,
        params: Any,
        message: bytes,
        related: RequestId | None = None,
    ) -> None:
        task = self._spawn(self._call(id, method, params, message))
        self._calls[id] = task
        task.add_done_callback(lambda _: self._calls.pop(id, None))

    def abandon(self, id: RequestId, message: bytes) -> None:
        """Closing the response is how a modern request is cancelled (PROTOCOL 3.15)."""
        if self._revision is not None and self._revision.modern:
            if (task := self._calls.get(id)) is not None:
                task.cancel()
        else:
            self.refuse(message)

    def refuse(self, message: bytes) -> None:
        self._spawn(self.send(message, None))

    def forget(self, id: RequestId) -> None:
        pass

    def release(self, id: RequestId) -> None:
        pass

    async def close(self) -> None:
        if self._client is None:
            return
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            if self._session_id is not None:
                async with asyncio.timeout(2):
                    await self._client.delete(self._transport.url, headers=self._headers())
        except Exception as error:
            logger.debug("The session was not ended: %s", error)
        finally:
            client, self._client = self._client, None
            await client.__aexit__(None, None, None)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _headers(self) -> dict[str, str]:
        headers = dict(self._transport.headers)
        if self._session_id is not None:
            headers[SESSION] = self._session_id
        if self._revision is not None and self._revision > R2025_03_26:
            headers[VERSION] = self._revision.text
        return headers

    def _request_headers(self, method: str, params: Any) -> dict[str, str]:
        headers = self._headers()
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
                headers.update(mirror(plan, params.get("arguments") or {}))
        return headers

    async def _call(self, id: RequestId, method: str, params: Any, message: bytes) -> None:
        assert self._session is not None
        try:
            headers = self._request_headers(method, params)
            async with self._exchange("POST", message, headers) as response:
                if response.status_code >= 400:
                    await self._fail(id, response, had_session=SESSION in headers)
                    return
                if method == "initialize":
                    self._session_id = response.headers.get(SESSION)
                if not _is_stream(response):
                    self._take_json(await response.aread(), id, response.status_code)
                    return
                parser = EventParser()
                await self._read_events(response, parser)
            await self._resume(id, parser)
        except ClientError as error:
            self._session.fail(id, error)

    async def _fail(self, id: RequestId, response: Any, *, had_session: bool) -> None:
        assert self._session is not None
        body = await response.aread()
        status: int = response.status_code
        error = _read_failure(body)
        if status == 404 and had_session and (error is None or error.code != -32601):
            self._session.fail(id, SessionExpired("The server no longer knows this session"))
        elif error is not None:
            self._session.fail(id, error)
        else:
            self._session.fail(id, unexpected(self._transport.url, status, body))

    def _take_json(self, body: bytes, id: RequestId, status: int) -> None:
        """One message, or the array that 2025-03-26 allows."""
        assert self._session is not None
        try:
            members = jsonrpc.split_batch(body) if jsonrpc.is_batch(body) else [body]
            for member in members:
                self._session.take(jsonrpc.decode(member))
        except RemoteProtocolError:
            self._session.fail(id, unexpected(self._transport.url, status, body))
            return
        if id in self._session.connection.outgoing:
            self._session.fail(id, unexpected(self._transport.url, status, body))

    async def _read_events(self, response: Any, parser: EventParser) -> None:
        assert self._session is not None
        async for chunk in response.aiter_bytes():
            for event in parser.feed(chunk):
                if event.event == "message" and event.data:
                    self._session.feed(event.data)

    async def _resume(self, id: RequestId, parser: EventParser) -> None:
        """Go on with a stream that ended before its answer came (PROTOCOL 4.2)."""
        assert self._session is not None
        for _ in range(ATTEMPTS):
            if id not in self._session.connection.outgoing:
                return
            if parser.last_id is None:
                raise Disconnected("The server ended the stream before it answered")
            await asyncio.sleep(RETRY if parser.retry is None else parser.retry / 1000)
            headers = {**self._headers(), "last-event-id": parser.last_id}
            async with self._exchange("GET", None, headers) as response:
                if response.status_code >= 400:
                    await self._fail(id, response, had_session=True)
                    return
                await self._read_events(response, parser)
        if id in self._session.connection.outgoing:
            raise Disconnected("The server ended the stream before it answered")

    async def _listen(self) -> None:
        """Hear what belongs to no request, for as long as the server offers it."""
        parser = EventParser()
        failures = 0
        while failures < ATTEMPTS:
            headers = self._headers()
            if parser.last_id is not None:
                headers["last-event-id"] = parser.last_id
            try:
                async with self._exchange("GET", None, headers) as response:
                    if response.status_code >= 400 or not _is_stream(response):
                        return
                    failures = 0
                    await self._read_events(response, parser)
            except ClientError as error:
                logger.debug("The listening stream ended: %s", error)
            failures += 1
            await asyncio.sleep(RETRY if parser.retry is None else parser.retry / 1000)

    def _exchange(self, method: str, content: bytes | None, headers: dict[str, str]) -> _Exchange:
        headers = {**headers, "accept": ACCEPT if method == "POST" else "text/event-stream"}
        if content is not None:
            headers["content-type"] = "application/json"
        url = self._transport.url
        return _Exchange(self._client.stream(method, url, content=content, headers=headers), url)


class _Exchange:
    """One HTTP exchange, whose library's errors become ours."""

    def __init__(self, context: Any, url: str) -> None:
        self._context = context
        self._url = url

    async def __aenter__(self) -> Any:
        try:
            return await self._context.__aenter__()
        except Exception as error:
            raise self._translated(error) from error

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            await self._context.__aexit__(kind, error, trace)
        except Exception as failure:
            raise self._translated(failure) from failure
        if error is not None and _is_library_error(error):
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> Exception:
        if not _is_library_error(error):
            return error
        return Disconnected(f"Connection to {self._url} failed: {error or type(error).__name__}")


def _is_library_error(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in ("httpx2", "httpcore2", "httpx", "httpcore")


class StreamableHttpTransport(ClientTransport):
    """Speaks to the MCP endpoint at `url`; `headers` go out with every request."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        httpx_client_factory: ClientFactory | None = None,
        verify: Any = None,
    ) -> None:
        self.url = str(url)
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}
        self._factory = httpx_client_factory
        self._verify = verify

    def __repr__(self) -> str:
        return f"StreamableHttpTransport({self.url!r})"

    def make_client(self) -> Any:
        """The HTTP client of one connection."""
        if self._factory is not None:
            return self._factory()
        import httpx2

        # A tool may take its time: only connecting is bounded here, calls by their own timeouts.
        timeout = httpx2.Timeout(10.0, read=None)
        verify = True if self._verify is None else self._verify
        return httpx2.AsyncClient(timeout=timeout, verify=verify)

    def open(self) -> _HttpChannel:
        return _HttpChannel(self)


def modern_version(params: Mapping[str, Any] | None) -> str | None:
    """The revision in a request's envelope; None for a request of the handshake era."""
    meta: Mapping[str, Any] = (params or {}).get("_meta") or {}
    return meta.get(META_PROTOCOL_VERSION)


def unexpected(url: str, status: int, body: bytes) -> UnexpectedResponse:
    """The error for an answer that is not MCP."""
    text = body[:200].decode("utf-8", "replace").strip()
    return UnexpectedResponse(
        f"{url} answered {status} with something that is not MCP: {text!r}", status
    )


def _is_stream(response: Any) -> bool:
    return response.headers.get("content-type", "").lower().startswith("text/event-stream")


def _read_failure(body: bytes) -> McpError | None:
    try:
        message = jsonrpc.decode(body)
    except RemoteProtocolError:
        message = _loose_failure(body)
    return as_error(message.error) if isinstance(message, Failure) else None


def _loose_failure(body: bytes) -> Failure | None:
    """An error whose envelope lacks something, as some gateways send it."""
    try:
        found = json.decode(body, type=dict[str, Any])
        return Failure(None, json.decode(json.encode(found["error"]), type=jsonrpc.ErrorData))
    except (DecodeError, KeyError, UnicodeError, RecursionError):
        return None
