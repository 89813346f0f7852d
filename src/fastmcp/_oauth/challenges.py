"""The header `WWW-Authenticate` of bearer tokens (RFC 6750 section 3, RFC 9728 section 5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct


def bearer_challenge(
    *,
    error: str | None = None,
    error_description: str | None = None,
    scopes: Sequence[str] = (),
    resource_metadata: str | None = None,
) -> str:
    """The challenge of a server that wants another token, or one at all."""
    parameters = {
        "error": error,
        "error_description": error_description,
        "scope": " ".join(scopes) or None,
        "resource_metadata": resource_metadata,
    }
    written = [f"{name}={_quoted(value)}" for name, value in parameters.items() if value]
    return "Bearer " + ", ".join(written) if written else "Bearer"


def _quoted(value: str) -> str:
    """A quoted-string (RFC 9110 section 5.6.4), without what no header may have."""
    plain = "".join(c if " " <= c <= "~" else "?" for c in value)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


# Longer headers than this, and more challenges, are not read to their end.
_LONGEST = 16 * 1024
_MOST = 32
_ITEM = re.compile(r'\s*((?:[^",]|"(?:[^"\\]|\\.)*"?)*)', re.DOTALL)
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'({_TOKEN})\s*=\s*(?:({_TOKEN})|"((?:[^"\\]|\\.)*)")\s*', re.DOTALL)
_SCHEME = re.compile(rf"({_TOKEN})(?:\s+(.*))?", re.DOTALL)


class Challenge(Struct, frozen=True):
    """One way to authenticate that a server offers; scheme and names are in small letters."""

    scheme: str
    parameters: dict[str, str]


def read_challenges(header: str) -> list[Challenge]:
    """The challenges of a header, of several joined by commas too (RFC 9110 section 11.6.1). What
    is not understood is left out.
    """
    found: list[Challenge] = []
    for item in _items(header[:_LONGEST]):
        named = _PARAMETER.fullmatch(item)
        if named is None and (begun := _SCHEME.fullmatch(item)) is not None:
            if len(found) == _MOST:
                break
            found.append(Challenge(begun[1].lower(), {}))
            named = _PARAMETER.fullmatch(begun[2] or "")
        if named is not None and found:
            found[-1].parameters.setdefault(named[1].lower(), _value(named))
    return found


def token_challenge(header: str) -> Challenge | None:
    """The challenge for a token, Bearer or DPoP: the first that says where its metadata are, or
    else the first.
    """
    ours = [one for one in read_challenges(header) if one.scheme in ("bearer", "dpop")]
    pointing = [one for one in ours if "resource_metadata" in one.parameters]
    return next(iter(pointing or ours), None)


def _items(header: str) -> Iterator[str]:
    """What stands between commas that are not quoted."""
    at = 0
    while at < len(header):
        item = _ITEM.match(header, at)
        assert item is not None  # it matches the empty text, too
        if item[1].strip():
            yield item[1].strip()
        at = item.end() + 1


def _value(named: re.Match[str]) -> str:
    return named[2] if named[2] is not None else re.sub(r"\\(.)", r"\1", named[3], flags=re.DOTALL)
