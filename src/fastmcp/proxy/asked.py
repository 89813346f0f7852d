"""What a backend is chosen for."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from fastmcp._components.current import current_scope
from fastmcp.server.state.session_names import stands_alone


class Asked(Struct, frozen=True):
    """A request that one of the backends shall answer.

    `method` is that of the protocol, `name` is of a tool or a prompt, or a URI. What is `safe` may
    be carried out twice.
    """

    method: str
    name: str
    safe: bool

    @property
    def session(self) -> str | None:
        """The session in which it was asked; None for a request that stands alone."""
        scope: Any = current_scope.get(None)
        if scope is None or stands_alone(scope.exchange):
            return None
        return scope.session_id
