"""Why a document was not fetched."""

from __future__ import annotations

from fastmcp.exceptions import OperationError


class FetchError(OperationError):
    """A document was not fetched. The text says why, for who runs this process alone: it may tell
    of the network that the process is in.
    """


class SSRFError(FetchError):
    """A URL that leads, or may lead, where its author should not be able to send us."""


class SSRFFetchError(FetchError):
    """A URL that is allowed, of which nothing usable came back."""
