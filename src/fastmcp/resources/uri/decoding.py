"""Percent-decoding that keeps an encoded delimiter apart from one that delimits.

A URI is decoded once, before it is matched, so that each of its characters is one character of
the text, however it was written. An encoded `/` (or `?`, `,` …) becomes a stand-in that no URI
contains, a lone surrogate, until `reveal` makes it what it stands for.
"""

from __future__ import annotations

import re

from .expansion import RESERVED

_ENCODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+|%")
_SURROGATES = re.compile("[\ud800-\udfff]")
_STAND_INS = 0xDC00
_HIDDEN = {ord(delimiter): _STAND_INS + ord(delimiter) for delimiter in RESERVED + "%"}
# The upper half is what Python's `surrogateescape` makes of bytes that are not UTF-8.
_REVEALED: dict[int, str | int] = {
    **{stand_in: plain for plain, stand_in in _HIDDEN.items()},
    **{_STAND_INS + byte: "\ufffd" for byte in range(0x80, 0x100)},
}


def decode(uri: str) -> str:
    """The characters of a URI, encoded delimiters as stand-ins."""
    if not uri.isascii():
        uri = _SURROGATES.sub("\ufffd", uri)
    return _ENCODED.sub(_decode, uri) if "%" in uri else uri


def reveal(text: str) -> str:
    """A piece of a decoded URI, as it was meant."""
    return text if text.isascii() else text.translate(_REVEALED)


def _decode(found: re.Match[str]) -> str:
    encoded = found.group()
    data = b"%" if encoded == "%" else bytes.fromhex(encoded.replace("%", ""))
    return data.decode("utf-8", "surrogateescape").translate(_HIDDEN)
