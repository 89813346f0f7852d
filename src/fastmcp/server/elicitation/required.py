"""UrlElicitationRequiredError: the answer that pages have to be visited first."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from msgspec import to_builtins

from fastmcp.exceptions import URL_ELICITATION_REQUIRED, McpError
from fastmcp.wire.inputs import ElicitRequestURLParams

from .asking import refuse_url


class UrlElicitationRequiredError(McpError):
    """Raised in a component, answers that the client's user has to visit pages before the request
    can be made again: -32042, with `data.elicitations`, which clients of 2025-11-25 know.
    `ctx.elicit_url` asks without an end of the request, and in later revisions, too.

    Raises:
        ValueError: a URL is not http(s), or carries credentials.
    """

    def __init__(
        self, elicitations: Sequence[ElicitRequestURLParams], message: str | None = None
    ) -> None:
        self.elicitations: list[ElicitRequestURLParams] = list(elicitations)
        for each in self.elicitations:
            refuse_url(each.url)
            each.elicitation_id = each.elicitation_id or uuid.uuid4().hex
        pages = ", ".join(each.url for each in self.elicitations)
        super().__init__(
            code=URL_ELICITATION_REQUIRED,
            message=message or f"The user has to visit {pages}; then try again",
            data={"elicitations": to_builtins(self.elicitations)},
        )
