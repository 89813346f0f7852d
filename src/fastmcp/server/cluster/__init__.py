"""Several workers as one server: the sessions of all are served by each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cluster import Cluster


def cluster_of(server: Any, session_store: Any) -> Cluster | None:
    """The server's part in a cluster; None without a store, which `FASTMCP_SESSION_STORE` may name.

    Raises:
        ConfigurationError: this is no store.
    """
    given = session_store or os.environ.get("FASTMCP_SESSION_STORE")
    if not given:
        return None
    from .joining import join

    return join(server, given)
