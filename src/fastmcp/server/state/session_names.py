"""Which session a request belongs to."""

from __future__ import annotations

import os
import threading
from typing import Any

from fastmcp._runtime.exchange import Exchange

_SESSION = "session id"
_creating = threading.Lock()


def values_of(exchange: Exchange) -> dict[Any, Any]:
    """What is kept for the time of a request, by whoever needs it, in any thread."""
    if exchange.values is None:
        with _creating:
            if exchange.values is None:
                exchange.values = {}
    return exchange.values


def session_id_of(exchange: Exchange) -> str:
    """The id of the session: that of the handshake, else the name that the client gave it, else
    that of the connection. A request that stands alone has one for itself.
    """
    if exchange.session is not None:
        return exchange.session.id
    given = exchange.sender.session or exchange.connection_id
    if given is not None:
        return given
    return values_of(exchange).setdefault(_SESSION, os.urandom(16).hex())


def stands_alone(exchange: Exchange) -> bool:
    """Whether no other request can belong to its session, but for a next round of itself."""
    if exchange.session is not None or exchange.connection_id is not None:
        return False
    return exchange.sender.session is None
