"""Context: the one object through which a component speaks with its server and its client."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastmcp._components.current import Scope, current_scope
from fastmcp._components.functions.signature import Injectable
from fastmcp._components.injection.shared_values import SharedValues
from fastmcp._runtime.exchange import Exchange, TransportName
from fastmcp.wire.lifecycle import (
    LOGGING_LEVELS,
    ClientCapabilities,
    Implementation,
    LoggingLevel,
)
from fastmcp.wire.notifications import LoggingMessageNotificationParams, ProgressNotificationParams
from fastmcp.wire.revisions import Revision

if TYPE_CHECKING:
    from starlette.requests import Request

    from fastmcp.server.server import FastMCP

to_client_logger = logging.getLogger("fastmcp.server.context.to_client")
_SEVERITY = {level: number for number, level in enumerate(LOGGING_LEVELS)}


class Context(Scope, Injectable):
    """The request being served. A parameter annotated with it receives it."""

    __slots__ = ("_exchange", "fastmcp")

    def __init__(self, fastmcp: FastMCP, exchange: Exchange) -> None:
        super().__init__()
        self.fastmcp = fastmcp
        self._exchange = exchange

    @classmethod
    def current(cls) -> Context:
        """The context of the request being served.

        Raises:
            RuntimeError: none is.
        """
        context = cls.current_or_none()
        if context is None:
            raise RuntimeError("No request is being served, so there is no context")
        return context

    @classmethod
    def current_or_none(cls) -> Context | None:
        """The context of the request being served, or None outside of one."""
        scope = current_scope.get(None)
        return scope if isinstance(scope, Context) else None

    @property
    def exchange(self) -> Exchange:
        """The request itself, and the way back to its sender."""
        return self._exchange

    @property
    def access_token(self) -> Any:
        """The token that the caller was authenticated by; None without one."""
        scope = self._exchange.scope
        return None if scope is None else getattr(scope.get("user"), "access_token", None)

    @property
    def request_id(self) -> str:
        """The id that the client gave this request."""
        return str(self._exchange.id)

    @property
    def session_id(self) -> str | None:
        """The id of the handshake session; None without one."""
        session = self._exchange.session
        return None if session is None else session.id

    @property
    def client_id(self) -> str | None:
        """The client's name for itself."""
        info = self._exchange.sender.info
        return None if info is None else info.name

    @property
    def client_info(self) -> Implementation | None:
        """The client's name and version, self-declared."""
        return self._exchange.sender.info

    @property
    def client_capabilities(self) -> ClientCapabilities:
        """What the client declared that it can do."""
        return self._exchange.sender.capabilities

    @property
    def protocol_version(self) -> str:
        """The revision this request is served under."""
        return self._exchange.sender.revision.text

    @property
    def revision(self) -> Revision:
        """The revision this request is served under, to be compared with others."""
        return self._exchange.sender.revision

    @property
    def transport(self) -> TransportName:
        """How the request came."""
        return self._exchange.transport

    @property
    def shared_values(self) -> SharedValues | None:
        return self.fastmcp.lifespan.shared_values

    @property
    def lifespan_context(self) -> Mapping[str, Any]:
        """What the server's lifespan yielded."""
        return self.fastmcp.lifespan_result

    @property
    def request(self) -> Request | None:
        """The HTTP request, on an HTTP transport."""
        scope = self._exchange.scope
        if scope is None:
            return None
        from starlette.requests import Request

        return Request(dict(scope))

    def set_log_level(self, level: LoggingLevel) -> None:
        """What `logging/setLevel` asks for: the least severe level that the session sends."""
        self._exchange.sender.log_level = level

    async def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Tell the client how far this request is, if it asked to be told.

        Progress must grow; a value that does not is not sent (PROTOCOL 3.15).
        """
        exchange = self._exchange
        token = exchange.progress_token
        if token is None or (exchange.progress is not None and progress <= exchange.progress):
            return
        exchange.progress = progress
        await exchange.notify(
            "notifications/progress",
            ProgressNotificationParams(
                progress_token=token, progress=progress, total=total, message=message
            ),
        )

    async def close_sse_stream(self) -> None:
        """End the response to this request now; its client comes back for the rest.

        It works where an event store keeps the answer, and is without effect elsewhere.
        """
        self._exchange.peer.release(self._exchange.id)

    async def log(
        self,
        message: str,
        level: LoggingLevel = "info",
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Send a log message to the client, if it wants to hear of that level."""
        if level not in _SEVERITY:
            raise ValueError(f"Unknown log level {level!r}; use one of {', '.join(LOGGING_LEVELS)}")
        to_client_logger.debug("%s: %s", level, message)
        sender = self._exchange.sender
        wanted = sender.log_level
        if wanted is None:
            if sender.revision.modern:
                return
        elif _SEVERITY[level] < _SEVERITY[wanted]:
            return
        data: Any = {"msg": message, "extra": dict(extra) if extra is not None else None}
        await self._exchange.notify(
            "notifications/message",
            LoggingMessageNotificationParams(level=level, data=data, logger=logger_name),
        )

    async def debug(
        self,
        message: str,
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Log to the client at level debug."""
        await self.log(message, "debug", logger_name, extra)

    async def info(
        self,
        message: str,
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Log to the client at level info."""
        await self.log(message, "info", logger_name, extra)

    async def warning(
        self,
        message: str,
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Log to the client at level warning."""
        await self.log(message, "warning", logger_name, extra)

    async def error(
        self,
        message: str,
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Log to the client at level error."""
        await self.log(message, "error", logger_name, extra)
