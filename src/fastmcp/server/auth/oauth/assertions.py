"""Signed statements (RFC 7523): who made them, for whom, and that they are used once."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Collection
from typing import Any

from msgspec import DecodeError, Struct, json

from ..jwt.claims import LEEWAY, claims_of, expiry_of, fault_in_time, is_for, text_of
from ..jwt.keys import Keys
from ..jwt.signature import MAX_HEADER, MAX_TOKEN, signed
from .metadata import ASSERTION_ALGORITHMS
from .shelves import DictShelf, ShelfLike, hashed

MAX_LIFETIME = 300
_MOST = 10_000


class InvalidAssertion(ValueError):
    """An assertion that proves nothing; the text says why, and is not for who sent it."""


class Header(Struct):
    """What an assertion says of its own signature, which nobody has checked."""

    alg: str
    typ: str | None = None
    kid: str | None = None


def header_of(assertion: str) -> Header:
    """The header of an assertion.

    Raises:
        InvalidAssertion: there is none, or one of an algorithm that is not for this.
    """
    try:
        header = json.decode(_part(assertion, 0, MAX_HEADER), type=Header)
    except (DecodeError, ValueError, RecursionError):
        raise InvalidAssertion("it is no JWT") from None
    if header.alg not in ASSERTION_ALGORITHMS:
        raise InvalidAssertion(f"it is signed by {header.alg[:20]!r}")
    return header


def unverified_claims(assertion: str) -> dict[str, Any]:
    """What an assertion says, to find the keys that can tell whether it is so.

    Raises:
        InvalidAssertion: it says nothing.
    """
    try:
        claims = claims_of(_part(assertion, 1, MAX_TOKEN))
    except ValueError:
        claims = None
    if claims is None:
        raise InvalidAssertion("it has no claims")
    return claims


def _part(assertion: str, which: int, longest: int) -> bytes:
    if len(assertion) > MAX_TOKEN or assertion.count(".") != 2:
        raise ValueError("not a compact JWS")
    part = assertion.split(".")[which]
    if len(part) > longest * 4 // 3 + 4:
        raise ValueError("too long")
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def verified_claims(
    assertion: str, header: Header, keys: Keys, issuer: str, audiences: Collection[str]
) -> dict[str, Any]:
    """The claims of an assertion that `issuer` signed, for one of the audiences, for a short time.

    Raises:
        InvalidAssertion: it is no such.
        AuthorityUnavailable: the keys cannot be fetched.
    """
    found = signed(assertion, header.alg, ())
    key = None if found is None else await keys.get(found.kid)
    payload = None if found is None or key is None else found.payload(key)
    if found is not None and key is not None and payload is None:
        newer = await keys.get(found.kid, other_than=key)
        payload = None if newer is None else found.payload(newer)
    claims = None if payload is None else claims_of(payload)
    if claims is None:
        raise InvalidAssertion("its signature is not of a key of its issuer")
    fault = _fault(claims, issuer, audiences)
    if fault is not None:
        raise InvalidAssertion(fault)
    return claims


def _fault(claims: dict[str, Any], issuer: str, audiences: Collection[str]) -> str | None:
    now = time.time()
    fault = fault_in_time(claims, now)
    if fault is not None:
        return fault
    ends, begins = expiry_of(claims), claims.get("iat")
    if ends is not None and ends - (now if begins is None else begins) > MAX_LIFETIME + LEEWAY:
        return f"it lasts longer than {MAX_LIFETIME} seconds"
    if claims.get("iss") != issuer:
        return "its issuer is another"
    if not is_for(claims, audiences):
        return "it is for somebody else"
    if text_of(claims, "sub") is None:
        return "it speaks of nobody (sub)"
    if not isinstance(claims.get("jti"), str) or not claims["jti"]:
        return "it has no jti"
    return None


class SeenAssertions:
    """Which assertions were used, until they end; on a shelf that workers share, for all of them.

    In memory there is room for so many; beyond that none is taken until some have ended.
    """

    def __init__(
        self,
        shelf: ShelfLike[bool] | None = None,
        clock: Callable[[], float] = time.time,
        most: int = _MOST,
    ) -> None:
        self._room = None if shelf is not None else most
        self._seen: dict[str, bool] = {}
        # One more than there is room for: the shelf itself forgets nothing before its time.
        self._shelf: ShelfLike[bool] = shelf or DictShelf(self._seen, clock, most + 1)
        self._clock = clock

    async def use(self, claims: dict[str, Any]) -> None:
        """Note the use of a verified assertion.

        Raises:
            InvalidAssertion: it was used before.
        """
        ends = expiry_of(claims)
        assert ends is not None
        key = hashed(f"{claims['iss']}\0{claims['jti']}")
        if self._room is not None and len(self._seen) >= self._room:
            raise InvalidAssertion("too many others are in use; send another one later")
        if not await self._shelf.add(key, True, max(1.0, ends - self._clock() + LEEWAY)):
            raise InvalidAssertion("it was used before")
