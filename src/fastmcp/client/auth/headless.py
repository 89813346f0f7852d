"""HeadlessOAuth: a sign-in without a browser, for tests of servers that agree at once."""

from __future__ import annotations

from typing import Any

from .authorization_request import AuthorizationCodeResult, read_redirect
from .oauth import OAuth


class HeadlessOAuth(OAuth):
    """Asks for the page itself, and takes what it redirects to."""

    def __init__(self, mcp_url: str | None = None, **options: Any) -> None:
        super().__init__(mcp_url, **options)
        self._stored_response: Any = None

    async def redirect_handler(self, authorization_url: str) -> None:
        """Ask for the page."""
        import httpx2

        async with httpx2.AsyncClient() as browser:
            self._stored_response = await browser.get(authorization_url, follow_redirects=False)

    async def callback_handler(self) -> AuthorizationCodeResult:
        """What it redirects to.

        Raises:
            RuntimeError: it does not redirect, or refuses.
        """
        response = self._stored_response
        if response is None:
            raise RuntimeError("The page was not asked for: redirect_handler comes first")
        if response.status_code not in (302, 303):
            raise RuntimeError(f"Authorization failed: {response.status_code}")
        found = read_redirect(response.headers["location"])
        if "error" in found:
            text = found.get("error_description", "Unknown error")
            raise RuntimeError(f"OAuth authorization failed: {found['error']} - {text}")
        return AuthorizationCodeResult(found["code"], found.get("state"), found.get("iss"))
