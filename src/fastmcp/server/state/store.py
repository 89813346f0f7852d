"""Where state is kept: under which address, and what a store has to be able to do."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from fastmcp._runtime.key_value import KeyValueStore


class Address(NamedTuple):
    """Where one value is kept. What has the same `collection` and `session` is one session's;
    only the `principal` that stored a value finds it again.
    """

    collection: str
    session: str
    principal: str | None
    key: str

    def digest(self) -> str:
        """The address as a name that tells nothing of it, fit for any store."""
        import json  # like OpenSSL, which hashlib loads, it takes its time to load
        from hashlib import sha256

        return sha256(json.dumps(self[1:]).encode()).hexdigest()


class StateStore(KeyValueStore, Protocol):
    """What `FastMCP(session_state_store=...)` takes; every store of py-key-value-aio is one.

    Servers that are given the same store share the sessions in it.
    """
