"""Scopes as texts (RFC 6749 section 3.3)."""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(r"[!#-\[\]-~]+")
MOST = 100


def split_scope(scope: str) -> list[str] | None:
    """The scopes in a text, each once; None if it is malformed."""
    found = list(dict.fromkeys(scope.split(" ")))
    found = [each for each in found if each]
    if len(found) > MOST or not all(_TOKEN.fullmatch(each) for each in found):
        return None
    return found


def scopes_of_client(client: Any) -> list[str] | None:
    """Those that a client was registered with; None if it was with none in particular."""
    scope = getattr(client, "scope", None)
    return scope.split() if scope else None
