"""What users are told when an authorization cannot go on: never in the words of another server."""

from __future__ import annotations

from html import escape

from starlette.responses import Response

from fastmcp.exceptions import OAuthError

from ..oauth.pages import page


class Failure(OAuthError):
    """It cannot go on, and no client can be told."""

    status = 400

    def __init__(self, text: str) -> None:
        super().__init__("invalid_request", text)

    def page(self) -> Response:
        """What the user sees."""
        body = (
            f'<p class="warning">{escape(self.error_description or "")}</p>'
            "<p>Close this page, and begin again in the application.</p>"
        )
        return page("Authorization failed", body).response(self.status)

    def as_error(self, code: str) -> OAuthError:
        """What the client is told, where it is known."""
        return OAuthError(code, self.error_description)


class Denied(Failure):
    """It must not go on."""

    status = 403
