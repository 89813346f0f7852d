"""What makes a server one worker of several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from fastmcp._protocol.http import target_of
from fastmcp.wire.jsonrpc import Request
from fastmcp.wire.methods import METHODS

from ..backplane.opening import backplane_of
from ..catalogue import Catalogue
from ..inputs.request_state import RequestStateSecurity
from ..session_visibility import SessionVisibility
from ..subscriptions import Audience
from .cluster import Cluster
from .shared_rules import SharedRules


class Joinable(Protocol):
    """What joining changes of what a server is made of."""

    audience: Audience
    session_visibility: SessionVisibility
    request_state_security: RequestStateSecurity


def join(parts: Joinable, session_store: Any) -> Cluster:
    """Make a server one of those that share a store.

    Raises:
        ConfigurationError: this is no store.
    """
    backplane = backplane_of(session_store, "session_store")
    assert backplane is not None
    cluster = Cluster(backplane)
    cluster.rules = SharedRules(cluster, parts.session_visibility, parts.audience.tell_here)
    parts.audience.beyond = cluster.changes.announce
    cluster.changes.listen(parts.audience.tell_here)
    if parts.request_state_security.is_ephemeral:

        def share_key(secret: bytes) -> None:
            shared = parts.request_state_security.with_key(secret)
            parts.request_state_security = shared

        cluster.on_secret.append(share_key)
    return cluster


def repeatable(catalogue: Catalogue) -> Callable[[Request], bool]:
    """Tells whether a request may be served a second time: it only reads, or its tool says so."""

    def repeats(request: Request) -> bool:
        row = METHODS.get(request.method)
        if row is not None and row.idempotent:
            return True
        name = target_of(request.method, request.params)
        tool = None if name is None else catalogue.tools.find(name)
        hints = None if tool is None else tool.annotations
        return hints is not None and bool(hints.read_only_hint or hints.idempotent_hint)

    return repeats
