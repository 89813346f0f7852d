"""How resources are named: by URIs, and by plain names such as `config/database` (C07)."""

from __future__ import annotations

import re

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:|\{[^{}]*\}://")


def canonical(uri: str) -> str:
    """A URI as it is; a plain name under `resource://`, where servers of this family have it."""
    return uri if _SCHEME.match(uri) else f"resource://{uri}"
