"""DebugTokenVerifier: any token is valid that a function of the user's takes for it."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from fastmcp._logging.tracebacks import exc_info_of
from fastmcp._runtime.threads import run_in_thread
from fastmcp.exceptions import AuthorityUnavailable

from ..access_token import AccessToken
from ..provider import TokenVerifier

__all__ = ["DebugTokenVerifier"]

logger: Final = logging.getLogger("fastmcp.server.auth")


def _any(token: str) -> bool:
    return True


class DebugTokenVerifier(TokenVerifier):
    """Takes every token for which `validate` is true: without it any token at all. All are of one
    client, and have these scopes.

    For tests, and for tokens that nobody else can tell anything of.
    """

    def __init__(
        self,
        validate: Callable[[str], bool | Awaitable[bool]] = _any,
        client_id: str = "debug-client",
        scopes: Iterable[str] | None = None,
        required_scopes: Iterable[str] | str | None = None,
    ) -> None:
        super().__init__(required_scopes=required_scopes)
        self.validate = validate
        self.client_id = client_id
        self.scopes: list[str] = list(scopes or ())

    async def verify_token(self, token: str) -> AccessToken | None:
        """The token, if it is taken; None if not, and where the function fails."""
        if not token.strip():
            return None
        try:
            if not await self._is_valid(token):
                return None
        except AuthorityUnavailable:
            raise
        except Exception as error:
            what = "A token was refused, because validate= failed"
            logger.error(what, exc_info=exc_info_of(error))
            return None
        return AccessToken(
            token=token, client_id=self.client_id, scopes=[*self.scopes], claims={"token": token}
        )

    async def _is_valid(self, token: str) -> bool:
        if self.validate is _any or inspect.iscoroutinefunction(self.validate):
            found = self.validate(token)
        else:
            found = await run_in_thread(lambda: self.validate(token))
        return bool(await found if inspect.isawaitable(found) else found)
