"""How resources are named on the wire: by URIs, and plain names such as `config/database` under one
scheme.
"""

from __future__ import annotations

import re

__all__ = ["canonical_uri"]

_PLAIN_SCHEME = "resource://"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:|\{[^{}]*\}://")


def canonical_uri(text: str) -> str:
    """A text with a scheme (RFC 3986) as it is; a plain name under `resource://`."""
    return text if _SCHEME.match(text) else _PLAIN_SCHEME + text
