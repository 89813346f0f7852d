"""What the claims of a token must say, whoever signed it (RFC 7519, RFC 9068)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from msgspec import MsgspecError
from msgspec.json import Decoder

# How far the clocks of who issues tokens and of ours may be apart, in seconds.
LEEWAY = 30
# Later times are milliseconds, or nonsense.
_LAST = 1e11

_CLAIMS = Decoder(dict[str, Any])
_OTHER_KINDS = ("id", "id_token", "refresh", "refresh_token", "offline", "logout")


def claims_of(payload: bytes) -> dict[str, Any] | None:
    """The claims in a payload; None for what is no JSON object."""
    try:
        return _CLAIMS.decode(payload)
    except (MsgspecError, ValueError, RecursionError):
        return None


def expiry_of(claims: dict[str, Any]) -> float | None:
    """When a token ends; None if it does not say."""
    return _time(claims.get("exp"))


def fault_in_time(claims: dict[str, Any], now: float, *, must_end: bool = True) -> str | None:
    """What is wrong with the times of a token; None if nothing is."""
    ends = expiry_of(claims)
    if ends is None and (must_end or claims.get("exp") is not None):
        return "it does not say when it expires"
    if ends is not None and ends <= now:
        return "it has expired"
    for name, fault in (("nbf", "it is not valid yet"), ("iat", "it was issued in the future")):
        if claims.get(name) is not None:
            begins = _time(claims[name])
            if begins is None:
                return f"its {name} is no time"
            if begins > now + LEEWAY:
                return fault
    return None


def fault_in_kind(claims: dict[str, Any]) -> str | None:
    """Whether a token says that it is another than an access token, as some providers write."""
    for name in ("token_use", "token_type", "typ"):
        kind = claims.get(name)
        if isinstance(kind, str) and kind.lower() in _OTHER_KINDS:
            return f"it is no access token: its {name} is {kind!r}"
    return None


def is_for(claims: dict[str, Any], accepted: Collection[str]) -> bool:
    """Whether one of these is an audience of a token."""
    given = claims.get("aud")
    if isinstance(given, str):
        return given in accepted
    return isinstance(given, list) and any(
        isinstance(each, str) and each in accepted
        for each in given  # type: ignore[reportUnknownVariableType]
    )


def scopes_in(claims: dict[str, Any]) -> list[str]:
    """The scopes in `scope` or else in `scp`: a text with spaces between them, or a list."""
    for name in ("scope", "scp"):
        given = claims.get(name)
        if isinstance(given, str):
            return given.split()
        if isinstance(given, list):
            return [each for each in given if isinstance(each, str)]  # type: ignore[reportUnknownVariableType]
    return []


def text_of(claims: dict[str, Any], *names: str) -> str | None:
    """The first of these claims that names somebody."""
    for name in names:
        given = claims.get(name)
        if isinstance(given, str) and given:
            return given
        if isinstance(given, int) and not isinstance(given, bool):
            return str(given)
    return None


def _time(given: Any) -> float | None:
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        return None
    return float(given) if 0 <= given < _LAST else None
