"""Cookies that tell a browser again, and that nobody else can make."""

from __future__ import annotations

import base64
import hashlib
import hmac

from starlette.requests import Request
from starlette.responses import Response

# A longer one was not set here.
_LONGEST = 4096


class BrowserCookies:
    """Sets and reads texts that are signed together with their name.

    Over HTTPS no other host can set them (`__Host-`), and scripts never see them.
    """

    def __init__(self, key: bytes, *, secure: bool) -> None:
        self._key = key
        self._secure = secure

    def get(self, request: Request, name: str) -> str | None:
        """What this server told the browser under a name."""
        return self._opened(self._full(name), request.cookies.get(self._full(name)))

    def all(self, request: Request, prefix: str) -> dict[str, str]:
        """What it was told under names that begin so, by their rest."""
        start = self._full(prefix)
        found: dict[str, str] = {}
        for name, value in request.cookies.items():
            if name.startswith(start) and (said := self._opened(name, value)) is not None:
                found[name.removeprefix(start)] = said
        return found

    def set(self, response: Response, name: str, text: str, seconds: int) -> None:
        """Tell the browser, for so long."""
        full = self._full(name)
        payload = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        self._put(response, full, f"{payload}.{self._signature(full, payload)}", seconds)

    def drop(self, response: Response, name: str) -> None:
        """Have the browser forget it."""
        self._put(response, self._full(name), "", 0)

    def _put(self, response: Response, full: str, value: str, seconds: int) -> None:
        response.set_cookie(
            full,
            value,
            max_age=seconds,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def _full(self, name: str) -> str:
        return f"__Host-{name}" if self._secure else f"__{name}"

    def _signature(self, full: str, payload: str) -> str:
        made = hmac.new(self._key, f"{full}={payload}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    def _opened(self, full: str, value: str | None) -> str | None:
        if value is None or len(value) > _LONGEST:
            return None
        payload, _, signature = value.partition(".")
        expected = self._signature(full, payload)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            return None
        return base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
