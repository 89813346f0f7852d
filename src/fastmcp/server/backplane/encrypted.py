"""A backplane whose contents and names only those can read who have the key."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import threading
from functools import lru_cache
from typing import Any, NamedTuple

from fastmcp.exceptions import ConfigurationError

from .backplane import Backplane, Hear
from .listeners import logger

_SALT = b"fastmcp backplane, scrypt"
_LABEL = b"fastmcp backplane, AES-256-GCM"
_FORMAT = b"\x01"
_NONCE = 12
_SHORT = 16
# So many names are at hand.
_RECENT = 1_024
_PLACEHOLDER = re.compile(
    r"your[-_ ]|change[-_ ]?(me|this|it)|replace[-_ ]|place-?holder|example|fernet[-_ ]key|"
    r"secret[-_ ]?key|encryption[-_ ]?key|passw(or)?d|<.*>|\.\.\.|xxx",
    re.IGNORECASE,
)


class EncryptedBackplane:
    """Encrypts what is kept in another backplane by AES-256-GCM, and hides the names.

    The `key` is one of Fernet's (`cryptography.fernet.Fernet.generate_key()`), or any other text,
    which is stretched; all workers need the same. What was changed, or moved to another name, is
    as if it were not there. That two equal values were kept under one name can be seen.
    """

    def __init__(self, backplane: Backplane, key: str | bytes) -> None:
        self.inner = backplane
        self._cipher = _Cipher(key)

    async def open(self) -> None:
        await asyncio.to_thread(self._cipher.prepare)
        await self.inner.open()

    async def close(self) -> None:
        await self.inner.close()

    def proof(self, purpose: str) -> bytes:
        """Bytes that only those can make who have the key, and that do not tell it."""
        return self._cipher.place("proof", purpose).seal_alike(b"")

    # Values

    async def get(self, key: str) -> bytes | None:
        place = self._cipher.place("value", key)
        sealed = await self.inner.get(place.name)
        return None if sealed is None else place.unseal(sealed)

    async def put(self, key: str, value: bytes, ttl: float | None = None) -> None:
        place = self._cipher.place("value", key)
        await self.inner.put(place.name, place.seal_alike(value), ttl)

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> bool:
        place = self._cipher.place("value", key)
        return await self.inner.add(place.name, place.seal_alike(value), ttl)

    async def swap(self, key: str, old: bytes, new: bytes, ttl: float | None = None) -> bool:
        place = self._cipher.place("value", key)
        return await self.inner.swap(place.name, place.seal_alike(old), place.seal_alike(new), ttl)

    async def touch(self, key: str, ttl: float) -> bool:
        return await self.inner.touch(self._cipher.place("value", key).name, ttl)

    async def delete(self, key: str) -> bool:
        return await self.inner.delete(self._cipher.place("value", key).name)

    # Logs

    async def append(self, log: str, entry: bytes, *, limit: int, ttl: float) -> str:
        place = self._cipher.place("log", log)
        return await self.inner.append(place.name, place.seal(entry), limit=limit, ttl=ttl)

    async def entries(self, log: str, after: str | None = None) -> list[tuple[str, bytes]]:
        place = self._cipher.place("log", log)
        found = await self.inner.entries(place.name, after)
        opened = [(position, place.unseal(sealed)) for position, sealed in found]
        return [(position, entry) for position, entry in opened if entry is not None]

    # Topics

    async def publish(self, topic: str, message: bytes) -> bool:
        place = self._cipher.place("topic", topic)
        return await self.inner.publish(place.name, place.seal(message))

    async def subscribe(self, topic: str, hear: Hear) -> None:
        place = self._cipher.place("topic", topic)
        await self.inner.subscribe(place.name, _Unsealing(place, hear))

    async def unsubscribe(self, topic: str, hear: Hear) -> None:
        place = self._cipher.place("topic", topic)
        await self.inner.unsubscribe(place.name, _Unsealing(place, hear))

    # Groups

    async def join(self, group: str, member: str, *, limit: int, ttl: float) -> bool:
        name, who = self._member(group, member)
        return await self.inner.join(name, who, limit=limit, ttl=ttl)

    async def leave(self, group: str, member: str) -> None:
        await self.inner.leave(*self._member(group, member))

    def _member(self, group: str, member: str) -> tuple[str, str]:
        name = self._cipher.place("group", group).name
        return name, self._cipher.place("member of " + name, member).name


class _Place(NamedTuple):
    """A name, and what encrypts for it alone: an AESGCM, and a key to make nonces of contents."""

    name: str
    cipher: Any
    nonce_key: bytes

    def seal(self, content: bytes) -> bytes:
        """Each time different bytes."""
        return self._encrypt(os.urandom(_NONCE), content)

    def seal_alike(self, content: bytes) -> bytes:
        """The same bytes for the same content, so that sealed contents can be compared."""
        return self._encrypt(_keyed_hash(self.nonce_key, content, _NONCE), content)

    def _encrypt(self, nonce: bytes, content: bytes) -> bytes:
        return _FORMAT + nonce + self.cipher.encrypt(nonce, content, self.name.encode())

    def unseal(self, sealed: bytes) -> bytes | None:
        """The content; None for what was not sealed for this name."""
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            if sealed[:1] == _FORMAT:
                return self.cipher.decrypt(nonce, rest, self.name.encode())
        except _refusals():
            pass
        logger.warning("Something in the backplane was not written with this key for its name")
        return None


def _keyed_hash(key: bytes, content: bytes, size: int = 64) -> bytes:
    return hashlib.blake2b(content, key=key, digest_size=size).digest()


def _refusals() -> tuple[type[Exception], ...]:
    from cryptography.exceptions import InvalidTag

    return InvalidTag, ValueError


class _Cipher:
    """Makes places of names by one key."""

    def __init__(self, key: Any) -> None:
        self._given = _bytes_of(key)
        self._secret: bytes | None = None
        self._preparing = threading.Lock()
        self.place = lru_cache(_RECENT)(self._make)

    def prepare(self) -> None:
        """Stretch the key, which takes a moment, once."""
        with self._preparing:
            if self._secret is None:
                self._secret = _keyed_hash(_master_of(self._given), _LABEL)

    def _make(self, kind: str, name: str) -> _Place:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.prepare()
        assert self._secret is not None
        made = _keyed_hash(self._secret, f"{kind}\0{name}".encode())
        return _Place(made[:16].hex(), AESGCM(made[16:48]), made[48:])


class _Unsealing:
    """Hears for somebody what was sealed for a topic, and is equal to another that does."""

    def __init__(self, place: _Place, hear: Hear) -> None:
        self._place = place
        self._hear = hear

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unsealing) and (
            (self._place.name, self._hear) == (other._place.name, other._hear)
        )

    def __call__(self, message: bytes | None) -> None:
        if message is None:
            self._hear(None)
        elif (opened := self._place.unseal(message)) is not None:
            self._hear(opened)


def _bytes_of(key: Any) -> bytes:
    if not isinstance(key, (str, bytes)) or not key:
        what = "an empty one" if isinstance(key, (str, bytes)) else type(key).__name__
        raise ConfigurationError(f"EncryptedBackplane() takes a key of text or bytes, not {what}")
    given = key.encode() if isinstance(key, str) else key
    if _fernet_key(given) is None:
        text = given.decode("utf-8", "replace")
        if len(given) < _SHORT or len(set(given)) < _SHORT // 2 or _PLACEHOLDER.search(text):
            logger.warning(
                "The encryption key is easily guessed; make one by: python -c "
                '"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
            )
    return given


def _fernet_key(given: bytes) -> bytes | None:
    """The 32 bytes that a key of Fernet's is made of; None for any other text."""
    try:
        raw = base64.b64decode(given, b"-_", validate=True)
    except ValueError:
        return None
    return raw if len(raw) == 32 else None


def _master_of(given: bytes) -> bytes:
    raw = _fernet_key(given)
    if raw is not None:
        return raw
    return hashlib.scrypt(given, salt=_SALT, n=1 << 15, r=8, p=1, maxmem=1 << 26, dklen=32)
