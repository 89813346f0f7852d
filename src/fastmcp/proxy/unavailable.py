"""The errors of a proxy that has no backend for a request."""

from __future__ import annotations

from collections.abc import Mapping

from fastmcp.exceptions import INTERNAL_ERROR, ConnectFailed, Disconnected, LimitError, McpError


class BackendsUnavailable(McpError, ConnectFailed):
    """No backend can be reached now; `failures` has, by their names, what went wrong with each.

    Clients are not told that, since it may say where the backends are.
    """

    def __init__(
        self, message: str, failures: Mapping[str, str], retry_after: float | None = None
    ) -> None:
        data = None if retry_after is None else {"retry_after": retry_after}
        McpError.__init__(self, code=INTERNAL_ERROR, message=message, data=data)
        self.failures: dict[str, str] = dict(failures)
        self.retry_after = retry_after


class GivenUp(Disconnected):
    """A backend that does not say whether it is there was no longer waited for."""


class BackendsBusy(LimitError):
    """Every backend has as many calls under way as it may have."""
