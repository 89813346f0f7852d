"""BrowserBinding: an answer counts from the browser that was asked, for what it was asked."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
LASTS = 3600


class BrowserBinding:
    """Gives each browser a secret in a cookie; the token in a form is made of that and of what is
    asked, so neither another site nor another browser can answer.

    `secure` is for https: then no other host can set the cookie, nor a page without TLS.
    """

    def __init__(self, name: str, *, secure: bool) -> None:
        self._name = f"__Host-{name}" if secure else name
        self._secure = secure

    def bind(self, request: Request, *question: str) -> tuple[str, str]:
        """The browser's secret, new if it has none, and the token for a question."""
        secret = self._secret_of(request) or secrets.token_urlsafe(32)
        return secret, _token(secret, question)

    def remember(self, response: Response, secret: str) -> None:
        """Have the browser keep its secret."""
        response.set_cookie(
            self._name,
            secret,
            max_age=LASTS,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def answers(self, request: Request, token: str, *question: str) -> bool:
        """Whether a request comes from the browser that was asked this question."""
        secret = self._secret_of(request)
        if secret is None:
            return False
        return hmac.compare_digest(_token(secret, question).encode(), token.encode())

    def _secret_of(self, request: Request) -> str | None:
        found = request.cookies.get(self._name, "")
        return found if _SECRET.fullmatch(found) else None


def _token(secret: str, question: tuple[str, ...]) -> str:
    told = "\0".join(question).encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()
