"""Serving the redirect of a sign-in, under the path that FastMCP's users import it by."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields
from typing import Any

from .auth.callback_page import create_callback_html
from .auth.callback_server import PATH, CallbackServer, bare_host
from .auth.sign_in import refusal

__all__ = [
    "CallbackResponse",
    "OAuthCallbackResult",
    "create_callback_html",
    "create_oauth_callback_server",
]


@dataclass
class CallbackResponse:
    """The members of a redirect."""

    code: str | None = None
    state: str | None = None
    error: str | None = None
    error_description: str | None = None
    iss: str | None = None

    @classmethod
    def from_dict(cls, data: dict[str, str]) -> CallbackResponse:
        """Those that are known, of a query."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in known})

    def to_dict(self) -> dict[str, str]:
        """Those that are there."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass
class OAuthCallbackResult:
    """What came of a sign-in."""

    code: str | None = None
    state: str | None = None
    error: Exception | None = None
    iss: str | None = None


class OAuthCallbackServer:
    """Serves until `should_exit` is set; its first redirect goes into a result."""

    def __init__(self, server: CallbackServer) -> None:
        self.should_exit = False
        self._server = server

    async def serve(self) -> None:
        """Serve.

        Raises:
            OAuthFlowError: somebody else has the port.
        """
        await self._server.open()
        try:
            while not self.should_exit:
                await asyncio.sleep(0.05)
        finally:
            await self._server.close()


def create_oauth_callback_server(
    port: int,
    host: str = "127.0.0.1",
    callback_path: str = PATH,
    server_url: str | None = None,
    result_container: OAuthCallbackResult | None = None,
    result_ready: Any = None,
) -> OAuthCallbackServer:
    """A server for one redirect, which sets the event `result_ready`. It does not know which state
    is right: whoever reads the result has to look at that.

    Raises:
        ConfigurationError: the host is not this machine.
    """
    done = False

    def store(result: OAuthCallbackResult) -> None:
        nonlocal done
        done = True
        if result_container is not None and result_ready is not None:
            vars(result_container).update(vars(result))
            result_ready.set()

    def take(members: dict[str, str]) -> tuple[int, str]:
        if done:
            return 404, create_callback_html("This sign-in has ended.", is_success=False)
        came = CallbackResponse.from_dict(members)
        message = None
        if came.error or not came.code:
            message = refusal(members)
        elif came.state is None:
            message = "The authorization server did not return the state"
        if message is not None:
            store(OAuthCallbackResult(error=RuntimeError(message), iss=came.iss))
            return 400, create_callback_html(message, is_success=False)
        store(OAuthCallbackResult(code=came.code, state=came.state, iss=came.iss))
        return 200, create_callback_html("", server_url=server_url)

    return OAuthCallbackServer(CallbackServer(bare_host(host), port, take, callback_path))
