"""OAuth whose page to sign in at is shown in the inspector."""

from __future__ import annotations

import asyncio

from fastmcp.client.auth.browser import checked_page
from fastmcp.client.auth.oauth import OAuth
from fastmcp.exceptions import OAuthFlowError

from .questions import Questions
from .target import Auth

PATIENCE = 300.0


class PageOAuth(OAuth):
    """Asks the person to open the page, and waits for the browser to come back from it."""

    def __init__(self, auth: Auth, questions: Questions) -> None:
        super().__init__(
            scopes=auth.scopes or None,
            client_name="FastMCP Inspector",
            client_id=auth.client_id or None,
            client_secret=auth.client_secret or None,
            callback_timeout=PATIENCE,
        )
        self._questions = questions

    async def redirect_handler(self, authorization_url: str) -> None:
        """Show the page's URL, which is one of http(s), until the browser has come back.

        Raises:
            OAuthFlowError: the person does not want to, or the authorization server refused.
            TimeoutError: nobody came back in time.
        """
        asking = self._questions.ask("sign-in", {"url": checked_page(authorization_url)})
        question = asyncio.create_task(asking)
        back = asyncio.create_task(self._listening().wait())
        try:
            await asyncio.wait((question, back), return_when="FIRST_COMPLETED")
            if not back.done():
                raise OAuthFlowError("You did not sign in")
            back.result()
        finally:
            question.cancel()
            back.cancel()
            await asyncio.gather(question, back, return_exceptions=True)
