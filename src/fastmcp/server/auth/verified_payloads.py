"""VerifiedPayloads: what was found valid once is not checked again until it ends."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

# Both bound the memory; what was used longest ago is forgotten first.
MAX_TOKENS = 10_000
MAX_BYTES = 16 * 2**20


class VerifiedPayloads:
    """By the hash of a token the payload that it was found to have, until a time.

    Payloads are kept as JSON: that is a fraction of what their objects take, and nobody can change
    what the next request is given.
    """

    def __init__(self, max_tokens: int = MAX_TOKENS, max_bytes: int = MAX_BYTES) -> None:
        self._max_tokens = max_tokens
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, token: str, now: float) -> bytes | None:
        """The payload of a token that is valid still."""
        digest = _digest(token)
        found = self._kept.get(digest)
        if found is None:
            return None
        if found[0] <= now:
            self._drop(digest)
            return None
        self._kept.move_to_end(digest)
        return found[1]

    def keep(self, token: str, payload: bytes, until: float) -> None:
        """Remember what a token was found to say."""
        digest = _digest(token)
        self._drop(digest)
        if self._max_tokens < 1 or len(payload) > self._max_bytes:
            return
        self._kept[digest] = (until, payload)
        self._bytes += len(payload)
        while len(self._kept) > self._max_tokens or self._bytes > self._max_bytes:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._bytes -= len(oldest)

    def clear(self) -> None:
        """Forget all of them."""
        self._kept.clear()
        self._bytes = 0

    def _drop(self, digest: bytes) -> None:
        dropped = self._kept.pop(digest, None)
        if dropped is not None:
            self._bytes -= len(dropped[1])


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
