"""MCP over HTTP+SSE, the transport of 2024-11-05 (PROTOCOL 4.4): a stream, and where messages go.

It is deprecated, and speaks the revisions that begin with a handshake.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, MutableMapping
from typing import Any, Final
from urllib.parse import quote

from fastmcp._protocol.framing import encode_event
from fastmcp._protocol.headers import Headers, accepts, read_headers
from fastmcp._protocol.http import EVENT_STREAM, JSON, Reject, refuse
from fastmcp._runtime.session import Channel
from fastmcp.exceptions import (
    ConfigurationError,
    FastMCPDeprecationWarning,
    InvalidRequest,
    RemoteProtocolError,
)

from ...connection import ServerConnection
from ..body import ASGIReceive, ASGISend, read_body
from ..caller import caller_of
from ..refusals import ENDING
from ..reply import Reply
from ..settings import HttpSettings
from .session import SSESession
from .sessions import SSESessions

DEFAULT_MESSAGE_PATH = "/messages/"
# How long the calls of a client that left may take to clean up, in seconds.
CLEANING = 0.5


class SSEEndpoint:
    """Serves one server's MCP over HTTP+SSE by two ASGI applications: `stream`, and `messages`,
    which clients look for at `message_path` of whatever has both.

    Raises:
        ConfigurationError: the settings are stateless, or the path is none.
    """

    def __init__(
        self,
        connect: Callable[[Channel, str], ServerConnection],
        settings: HttpSettings,
        message_path: str | None = None,
    ) -> None:
        if settings.stateless:
            raise ConfigurationError(
                "HTTP+SSE has a session for each stream and cannot be stateless; use "
                'transport="http", which is streamable HTTP, or leave out stateless_http=True'
            )
        self.message_path: str = _checked(message_path or DEFAULT_MESSAGE_PATH)
        self.sessions: Final = SSESessions(connect, settings)
        self._max_size = settings.max_request_size
        warnings.warn(
            'HTTP+SSE is deprecated; use transport="http", which is streamable HTTP',
            FastMCPDeprecationWarning,
            stacklevel=6,  # who called `http_app`
        )

    async def stream(
        self, scope: MutableMapping[str, Any], receive: ASGIReceive, send: ASGISend
    ) -> None:
        """Open a session, and send what it has for its client until one of both ends it."""
        reply = Reply(send)
        if scope["method"] != "GET":
            await reply.reject(Reject(405, headers=((b"allow", b"GET"),)))
            return
        if not accepts(read_headers(scope["headers"]).get(b"accept"), EVENT_STREAM):
            error = InvalidRequest(f"Accept must list {EVENT_STREAM}")
            await reply.reject(refuse(error, status=406))
            return
        if self.sessions.dismissed:
            await reply.reject(ENDING)
            return
        session = self.sessions.open(caller_of(scope))
        if session is None:
            error = InvalidRequest("Too many sessions; try again later")
            await reply.reject(refuse(error, status=503))
            return
        place = _place(scope.get("root_path", "") + self.message_path, session.id)
        session.backlog.push(encode_event(place, event="endpoint"))
        attending = asyncio.get_running_loop().create_task(_attend(session, receive))
        try:
            await reply.start_stream()
            await _write(session, send)
        except OSError:
            pass  # how a server may say that the client has left
        finally:
            attending.cancel()
            await self.sessions.close(session, CLEANING)

    async def messages(
        self, scope: MutableMapping[str, Any], receive: ASGIReceive, send: ASGISend
    ) -> None:
        """Take what a client says; the stream of its session brings what answers it."""
        reply = Reply(send)
        if scope["method"] != "POST":
            await reply.reject(Reject(405, headers=((b"allow", b"POST"),)))
            return
        id = _session_id(scope["query_string"])
        if id is None:
            error = InvalidRequest("Invalid request: the session_id of the query is missing")
            await reply.reject(refuse(error))
            return
        session = self.sessions.find(id, caller_of(scope))
        if session is None:
            await reply.reject(_unknown_session())
            return
        body = await self._read(read_headers(scope["headers"]), receive)
        if isinstance(body, bytes):
            await reply.reject(_taken(session, body, scope))
        elif body is not None:
            await reply.reject(body, receive)

    async def _read(self, headers: Headers, receive: ASGIReceive) -> bytes | Reject | None:
        if headers.get(b"content-encoding") not in (None, "identity"):
            error = InvalidRequest("Invalid request: compressed bodies are not accepted")
            return refuse(error, status=415)
        if (headers.get(b"content-type") or "").partition(";")[0].strip().lower() != JSON:
            return refuse(InvalidRequest(f"Content-Type must be {JSON}"), status=415)
        return await read_body(receive, headers.get(b"content-length"), self._max_size)


def _checked(path: str) -> str:
    """A path from the root, as written otherwise."""
    if "://" in path or path.startswith("//") or "?" in path or "#" in path:
        raise ConfigurationError(
            f"message_path={path!r} has to be a path such as {DEFAULT_MESSAGE_PATH!r}: clients "
            "send messages to where their stream comes from"
        )
    return path if path.startswith("/") else "/" + path


def _place(path: str, id: str) -> bytes:
    """Where the messages of a session go, as seen from outside: a path of the stream's origin."""
    return f"/{quote(path.lstrip('/'))}?session_id={id}".encode()


def _session_id(query: bytes) -> str | None:
    for member in query.split(b"&"):
        name, _, value = member.partition(b"=")
        if name == b"session_id":
            return value.decode("latin-1")
    return None


def _taken(session: SSESession, body: bytes, scope: MutableMapping[str, Any]) -> Reject:
    """What a POST is answered after its session took it, or could not."""
    if session.ended:
        return _unknown_session()
    try:
        session.take(body, scope)
    except RemoteProtocolError as error:
        return refuse(error, error.id if isinstance(error, InvalidRequest) else None)
    return Reject(202)


def _unknown_session() -> Reject:
    error = InvalidRequest("Session not found: it has ended, or never was; open a new stream")
    return refuse(error, status=404)


async def _attend(session: SSESession, receive: ASGIReceive) -> None:
    """Notice that the client leaves."""
    while (await receive())["type"] != "http.disconnect":
        pass
    session.give_up()


async def _write(session: SSESession, send: ASGISend) -> None:
    while (piece := await session.backlog.take()) is not None:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
