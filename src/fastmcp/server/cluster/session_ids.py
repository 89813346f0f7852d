"""Ids of sessions that only a server that knows the secret can have given out."""

from __future__ import annotations

import hmac
import secrets

_RANDOM = 32
_MARK = 16


class SessionIds:
    """Makes ids, and tells its own from others without looking anywhere."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"fastmcp session ids", "sha256")

    def new(self) -> str:
        """An id that nobody can guess: 48 hexadecimal digits."""
        random = secrets.token_hex(_RANDOM // 2)
        return random + self._mark(random)

    def knows(self, id: str) -> bool:
        """Whether it was made with the same secret."""
        if len(id) != _RANDOM + _MARK or not id.isascii():
            return False
        return hmac.compare_digest(self._mark(id[:_RANDOM]), id[_RANDOM:])

    def _mark(self, random: str) -> str:
        return hmac.digest(self._key, random.encode(), "sha256").hex()[:_MARK]
