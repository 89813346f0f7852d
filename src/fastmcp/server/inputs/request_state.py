"""The state of a request between its rounds: sealed, since it travels through the client.

It is bound to the caller, the method, its target and arguments, and to a time; state that was
changed, moved to another request or is too old is refused before anything runs (PROTOCOL 3.13).
"""

from __future__ import annotations

import base64
import math
import os
import time
from collections.abc import Sequence
from typing import Any, Protocol, Self

from msgspec import Struct, json

from fastmcp.exceptions import ConfigurationError, InvalidParams, McpError

from .rounds import Record

MIN_KEY = 32
_VERSION = "v1."
_LABEL = b"fastmcp request state, AES-256-GCM"
_KEY_ID = 4
_NONCE = 12


class InvalidRequestState(Exception):
    """A text that no key of the ring has sealed."""


class RequestStateCodec(Protocol):
    """Seals bytes as text that only its owner can make, or read."""

    def seal(self, payload: bytes) -> str: ...

    def unseal(self, token: str) -> bytes:
        """The sealed bytes; `InvalidRequestState` (or any other exception) for other texts."""
        ...


class AESGCMRequestStateCodec:
    """AES-256-GCM under the first of a ring of keys; all of them unseal."""

    def __init__(self, keys: Sequence[bytes | str]) -> None:
        if not keys:
            raise ConfigurationError("Sealing request state needs at least one key")
        self._secrets = [_secret(key) for key in keys]
        self._ring: dict[bytes, Any] | None = None
        self._first = b""

    def seal(self, payload: bytes) -> str:
        ring, nonce = self._open_ring(), os.urandom(_NONCE)
        head = self._first + nonce
        sealed = ring[self._first].encrypt(nonce, payload, _VERSION.encode() + self._first)
        return _VERSION + base64.urlsafe_b64encode(head + sealed).decode().rstrip("=")

    def unseal(self, token: str) -> bytes:
        from cryptography.exceptions import InvalidTag

        raw = _decode(token)
        key_id, nonce, sealed = raw[:_KEY_ID], raw[_KEY_ID:][:_NONCE], raw[_KEY_ID + _NONCE :]
        cipher = self._open_ring().get(key_id)
        if cipher is None:
            raise InvalidRequestState("sealed by another key")
        try:
            return cipher.decrypt(nonce, sealed, _VERSION.encode() + key_id)
        except (InvalidTag, ValueError):
            raise InvalidRequestState("not what was sealed") from None

    def _open_ring(self) -> dict[bytes, Any]:
        if self._ring is None:
            import hashlib
            import hmac

            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            derived = [hmac.digest(secret, _LABEL, "sha256") for secret in self._secrets]
            ids = [hashlib.sha256(_LABEL + key).digest()[:_KEY_ID] for key in derived]
            self._first = ids[0]
            self._ring = {id: AESGCM(key) for id, key in zip(ids, derived, strict=True)}
        return self._ring


def _secret(key: Any) -> bytes:
    if not isinstance(key, (bytes, bytearray, str)):
        raise ConfigurationError(f"A key is bytes or text, not {type(key).__name__}")
    secret = key.encode() if isinstance(key, str) else bytes(key)
    if len(secret) < MIN_KEY:
        raise ConfigurationError(
            f"A key has at least {MIN_KEY} bytes of secret randomness, not {len(secret)}; "
            'make one by: python -c "import secrets; print(secrets.token_hex(32))"'
        )
    return secret


def _decode(token: str) -> bytes:
    """The bytes of a token in its one spelling: base64 has several for the same bytes."""
    text = token.removeprefix(_VERSION)
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise InvalidRequestState("not base64") from None
    if token != _VERSION + base64.urlsafe_b64encode(raw).decode().rstrip("="):
        raise InvalidRequestState("not the spelling that was sealed")
    return raw


class RequestStateSecurity:
    """How the state between rounds is sealed.

    `keys`, or a `codec` of your own: the first key seals and all unseal, so a key is replaced by
    `[old, new]`, then `[new, old]`, then `[new]`, each on every server before the next. Servers
    that share keys continue each other's rounds. `ttl` is how long a client has for a round, in
    seconds; `audience` is the server's name unless given; `max_size` bounds the state, in bytes.
    """

    def __init__(
        self,
        *,
        keys: Sequence[bytes | str] | None = None,
        codec: RequestStateCodec | None = None,
        ttl: float = 600.0,
        audience: str | None = None,
        max_size: int = 1 << 20,
    ) -> None:
        if (keys is None) == (codec is None):
            raise ConfigurationError("RequestStateSecurity() takes either keys= or codec=")
        if not (math.isfinite(ttl) and ttl > 0):
            raise ConfigurationError(f"ttl={ttl}: give seconds, more than 0")
        self.codec: RequestStateCodec = codec or AESGCMRequestStateCodec(keys or ())
        self.ttl = ttl
        self.audience = audience
        self.max_size = max_size
        self.is_ephemeral = False
        """Whether its key is one that nobody chose, of this process alone."""

    @classmethod
    def ephemeral(cls, *, ttl: float = 600.0, audience: str | None = None) -> Self:
        """A key of this process alone: what any other process sealed is refused."""
        made = cls(keys=[os.urandom(MIN_KEY)], ttl=ttl, audience=audience)
        made.is_ephemeral = True
        return made

    def with_key(self, key: bytes) -> RequestStateSecurity:
        """The same, sealed by another key."""
        return RequestStateSecurity(
            keys=[key], ttl=self.ttl, audience=self.audience, max_size=self.max_size
        )

    @classmethod
    def of(cls, given: Any) -> RequestStateSecurity:
        """What was given, also where it is the official SDK's; a key of our own for None."""
        if given is None:
            return cls.ephemeral()
        if isinstance(given, RequestStateSecurity):
            return given
        return cls(codec=given.codec, ttl=given.ttl, audience=given.audience)


class _Sealed(Struct):
    expires: float
    bound: bytes
    record: Record


_write = json.Encoder().encode
_read = json.Decoder(_Sealed).decode


def seal(security: RequestStateSecurity, record: Record, bound: bytes) -> str:
    """The record as text for the client to keep.

    Raises:
        McpError: it is too large.
    """
    sealed = security.codec.seal(_write(_Sealed(time.time() + security.ttl, bound, record)))
    if len(sealed) > security.max_size:
        raise McpError(
            message=f"The answers and steps of this call take {len(sealed)} bytes, more than the "
            f"{security.max_size} that its state may have; let ctx.once() give smaller values, or "
            "raise RequestStateSecurity(max_size=...)"
        )
    return sealed


def unseal(security: RequestStateSecurity, token: str, bound: bytes) -> Record:
    """The record that was sealed.

    Raises:
        InvalidParams: it is not what was sealed for this request, or too old.
    """
    from hmac import compare_digest

    try:
        if len(token) > security.max_size:
            raise InvalidRequestState("too large")
        sealed = _read(security.codec.unseal(token))
        if not compare_digest(sealed.bound, bound) or sealed.expires < time.time():
            raise InvalidRequestState("sealed for another request, or too old")
    except Exception:
        raise InvalidParams("Invalid or expired requestState") from None
    return sealed.record
