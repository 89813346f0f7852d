"""Several workers as one server: the sessions of all are served by each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastmcp.settings import settings

if TYPE_CHECKING:
    from .cluster import Cluster


def cluster_of(parts: Any, session_store: Any) -> Cluster | None:
    """The server's part in a cluster; None without a store, which the settings may name.

    Raises:
        ConfigurationError: this is no store.
    """
    given = session_store or settings.session_store
    if not given:
        return None
    from .joining import join

    return join(parts, given)
