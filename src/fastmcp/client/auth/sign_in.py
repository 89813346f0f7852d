"""SignIn: one person's way through an authorization request, from its page to its redirect."""

from __future__ import annotations

import asyncio
import hmac
import logging
import sys
from typing import Final

from fastmcp.exceptions import OAuthFlowError

from .authorization_request import AuthorizationCodeResult, AuthorizationRequest, read_redirect
from .browser import PastedLines, has_browser, is_terminal, open_browser, tell
from .callback_page import create_callback_html
from .callback_server import CallbackServer
from .exchange import plain

logger: Final = logging.getLogger("fastmcp.client.auth")


class SignIn:
    """Listens while it is entered. The first redirect that fits `request` is its result; others
    change nothing, so that no page that guesses the port can end it.
    """

    def __init__(self, host: str, port: int, timeout: float, server_url: str) -> None:
        self.request: AuthorizationRequest | None = None
        self._timeout = timeout
        self._server_url = server_url
        self._server = CallbackServer(host, port, self._take)
        self._result: asyncio.Future[AuthorizationCodeResult] | None = None
        self._can_paste = False

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.port

    async def __aenter__(self) -> SignIn:
        await self._server.open()
        self._result = asyncio.get_running_loop().create_future()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()
        if self._result is not None and self._result.done() and not self._result.cancelled():
            self._result.exception()  # whoever wanted to know it knows it

    async def show(self, url: str, *, headless: bool | None) -> None:
        """Open the page in a browser, or tell where it is."""
        if headless is not True and (headless is False or has_browser()):
            logger.info("Opening a browser to sign in at %s", plain(url.partition("?")[0]))
            if await open_browser(url):
                return
        self._can_paste = is_terminal()
        tell(url, can_paste=self._can_paste)

    async def wait(self) -> AuthorizationCodeResult:
        """What the redirect brings.

        Raises:
            OAuthFlowError: the person, or the authorization server, refused.
            TimeoutError: nobody came back in time.
        """
        assert self._result is not None
        try:
            async with asyncio.timeout(self._timeout):
                if not self._can_paste:
                    return await self._result
                with PastedLines(self._paste):
                    return await self._result
        except TimeoutError:
            raise TimeoutError(
                f"Nobody came back from signing in within {self._timeout:g} seconds "
                "(callback_timeout)"
            ) from None

    def _paste(self, line: str) -> None:
        try:
            status, _ = self._take(read_redirect(line))
        except ValueError:
            status = 400
        if status == 400:
            tell_wrong()

    def _take(self, members: dict[str, str]) -> tuple[int, str]:
        if self._result is None or self.request is None or self._result.done():
            return 404, _failed("Nobody waits for this sign-in, or it has ended.")
        answer = AuthorizationCodeResult(
            members.get("code") or "-", members.get("state"), members.get("iss")
        )
        try:
            self.request.check(answer)
        except OAuthFlowError as error:
            if hmac.compare_digest((answer.state or "").encode(), self.request.state.encode()):
                self._result.set_exception(error)
            return 400, _failed("This is not the answer to the sign-in that is under way.")
        if "error" in members or not members.get("code"):
            error = OAuthFlowError(refusal(members))
            self._result.set_exception(error)
            return 400, _failed(str(error))
        self._result.set_result(answer)
        return 200, create_callback_html("", server_url=self._server_url)


def refusal(members: dict[str, str]) -> str:
    """What a redirect without a code says."""
    error, text = members.get("error"), members.get("error_description")
    if error == "access_denied":
        return "Access was denied by the authorization server" + (
            f": {plain(text)}" if text else ""
        )
    if error is None:
        return "No authorization code was received from the server"
    return f"Authorization failed: {plain(error)}" + (f": {plain(text)}" if text else "")


def tell_wrong() -> None:
    """Say that what was pasted is of no use."""
    print("That is not the URL that this sign-in ends at.", file=sys.stderr, flush=True)


def _failed(message: str) -> str:
    return create_callback_html(message, is_success=False)
