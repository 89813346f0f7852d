"""Which servers our client is tried on, over what, in which era; and what cannot be, and why."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple

from . import everything, features
from .features import Feature

HANDSHAKE, MODERN = "2025-11-25", "2026-07-28"


class Link(NamedTuple):
    """One way to one server."""

    server: str
    transport: str
    revision: str

    def __str__(self) -> str:
        return " ".join(self)

    @property
    def mode(self) -> str:
        """What a client is told, so that it speaks that revision.

        Servers that only know the handshake are left to the client to find out about.
        """
        both = self.revision == HANDSHAKE and MODERN in SERVERS[self.server]
        return "legacy" if both and self.transport != "sse" else "auto"

    @property
    def features(self) -> dict[str, Feature]:
        """What is used of the server; each has those of `features.py`, or says why not."""
        return everything.FEATURES if self.server == "everything" else features.FEATURES

    def matches(self, pattern: str) -> bool:
        """Whether this is meant by a pattern for its text."""
        return fnmatchcase(str(self), pattern)


SERVERS = {
    "fastmcp-3": [HANDSHAKE],
    "fastmcp-4": [HANDSHAKE, MODERN],
    "python-sdk-1": [HANDSHAKE],
    "python-sdk-2": [HANDSHAKE, MODERN],
    "typescript-sdk-1": [HANDSHAKE],
    "typescript-sdk-2": [HANDSHAKE, MODERN],
    "everything": [HANDSHAKE],
}
"""The servers of others, and the eras that each speaks."""

TRANSPORTS = ["stdio", "http", "sse"]

LACKING = {
    "fastmcp-3 * complete": "FastMCP 3 has no completion",
    "fastmcp-[34] * hear-of-resource": "FastMCP has no subscriptions to resources",
    "*-sdk-[12] * list-pages": "the SDKs' servers give every list on one page",
    "everything * list-pages": "the SDKs' servers give every list on one page",
    "everything * hear-of-lists": "it has no tool that changes a list",
    "everything * cancel": "it has no tool that shows whether it was stopped",
    "everything * give-up": "it has no tool that shows whether it was stopped",
}
"""What a server lacks: patterns for a link and a feature."""

UNREACHABLE = {
    "typescript-sdk-2 sse *": "the SDK 2.x has no server for HTTP+SSE",
    "* sse 2026-07-28": "HTTP+SSE is older than the modern era",
}
"""Ways in which a server that has them otherwise cannot be spoken to."""

POSSIBLE = [
    Link(server, transport, revision)
    for server, revisions in SERVERS.items()
    for transport in TRANSPORTS
    for revision in revisions
]


def unreachable(link: Link) -> str | None:
    """Why a link cannot be, if it cannot."""
    return next((why for pattern, why in UNREACHABLE.items() if link.matches(pattern)), None)


LINKS = [link for link in POSSIBLE if unreachable(link) is None]


def lacking(link: Link, feature: str) -> str | None:
    """Why a feature cannot be used over a link, if it cannot."""
    cell = f"{link} {feature}"
    return next((why for pattern, why in LACKING.items() if fnmatchcase(cell, pattern)), None)
