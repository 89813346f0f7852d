"""Documents of MCP Apps, which are strangers' pages: each is served with a policy of its own.

A document that its frame is given as text would inherit the inspector's policy, under which no
script of its own runs. So it is served under a path that nobody can guess, in a sandbox that gives
it an origin nobody else has: it reaches neither the inspector nor what it keeps.
"""

from __future__ import annotations

import re
import secrets

from msgspec import Struct, field

MOST = 20
_SOURCE = re.compile(r"(https?|wss?)://(\*\.)?[A-Za-z0-9.-]+(:(\d+|\*))?/?", re.ASCII)


class AppPolicy(Struct, frozen=True, rename="camel"):
    """The origins that an app may reach, as `_meta.ui.csp` of its resource declares them."""

    connect_domains: list[str] = field(default_factory=list[str])
    resource_domains: list[str] = field(default_factory=list[str])
    frame_domains: list[str] = field(default_factory=list[str])
    base_uri_domains: list[str] = field(default_factory=list[str])

    def header(self) -> str:
        """The value of Content-Security-Policy; what is no origin is left out."""
        resource = _sources(self.resource_domains, "")
        directives = {
            "sandbox": " allow-scripts",
            "default-src": " 'none'",
            "script-src": f" 'unsafe-inline'{resource}",
            "style-src": f" 'unsafe-inline'{resource}",
            "img-src": f" data: blob:{resource}",
            "media-src": f" data: blob:{resource}",
            "font-src": f" data:{resource}",
            "connect-src": _sources(self.connect_domains),
            "frame-src": _sources(self.frame_domains),
            "base-uri": _sources(self.base_uri_domains),
            "form-action": " 'none'",
        }
        return "; ".join(name + value for name, value in directives.items())


def _sources(domains: list[str], none: str = " 'none'") -> str:
    return "".join(f" {each}" for each in domains if _SOURCE.fullmatch(each)) or none


class Frames:
    """The documents that are shown; of more than `MOST` the oldest is no longer."""

    def __init__(self) -> None:
        self._documents: dict[str, tuple[str, str]] = {}

    def add(self, html: str, policy: AppPolicy) -> str:
        """Show a document; the path that it has."""
        name = secrets.token_urlsafe(24)
        self._documents[name] = html, policy.header()
        if len(self._documents) > MOST:
            del self._documents[next(iter(self._documents))]
        return f"/app/{name}"

    def get(self, name: str) -> tuple[str, str] | None:
        """A document, and its policy."""
        return self._documents.get(name)
