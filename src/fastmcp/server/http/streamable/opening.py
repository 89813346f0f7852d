"""Where an endpoint's sessions live: in this process, or shared with other workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp.exceptions import ConfigurationError

from ..quota import Quota
from ..settings import HttpSettings
from .sessions import HttpSessions, Sessions

if TYPE_CHECKING:
    from fastmcp._runtime.session import Channel

    from ...connection import ServerConnection
    from ..servable import HttpServable


def open_sessions(server: HttpServable, settings: HttpSettings) -> Sessions:
    """The sessions of a new endpoint of this server."""

    def connect(channel: Channel, id: str) -> ServerConnection:
        connection = server.connect(channel, "streamable-http", id)
        connection.limit_requests(settings.request_timeout)
        return connection

    if server._parts.cluster is None:
        return HttpSessions(
            connect,
            Quota(settings.max_sessions, settings.max_sessions_per_principal),
            store=settings.event_store,
            idle_timeout=settings.session_idle_timeout,
        )
    if settings.event_store is not None:
        _leave_events_to_the_store(server)
    from ...cluster.cluster_sessions import ClusterSessions
    from ...cluster.joining import repeatable

    return ClusterSessions(
        server._parts.cluster,
        connect,
        server._parts.session_visibility,
        repeatable(server._parts.catalogue),
        idle_timeout=settings.session_idle_timeout,
        limit=settings.max_sessions,
        each=settings.max_sessions_per_principal,
    )


def _leave_events_to_the_store(server: HttpServable) -> None:
    if server._parts.http_defaults.session_store:
        raise ConfigurationError(
            "event_store= is not needed beside session_store=, where streams are kept, too"
        )
    server.logger.warning(
        "event_store= is not used: FASTMCP_SESSION_STORE names a store, where streams are kept, too"
    )
