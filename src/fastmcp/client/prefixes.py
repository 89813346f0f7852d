"""How the names of one of several servers look to their client."""

from __future__ import annotations

import re

from msgspec import Struct

from .listings import Listing

_URI = re.compile(r"([^:]+://)(.*)", re.DOTALL)


class Prefix(Struct, frozen=True):
    """`server_name`, and `scheme://server/rest` for URIs; without a server everything is as it is.

    A URI without `//` is as it is, too.
    """

    server: str | None

    def outer(self, listing: Listing, name: str) -> str:
        """A server's name for something, as its client sees it."""
        if self.server is None:
            return name
        return self.outer_uri(name) if listing.noun is None else f"{self.server}_{name}"

    def inner(self, listing: Listing, name: str) -> str | None:
        """The same back; None for what cannot be of this server."""
        if self.server is None:
            return name
        if listing.noun is None:
            return self._inner_uri(name)
        start = f"{self.server}_"
        return name[len(start) :] if name.startswith(start) else None

    def outer_uri(self, uri: str) -> str:
        """A server's URI, as its client sees it."""
        found = _URI.fullmatch(uri)
        if found is None or self.server is None:
            return uri
        return f"{found[1]}{self.server}/{found[2]}"

    def _inner_uri(self, uri: str) -> str | None:
        found = _URI.fullmatch(uri)
        if found is None:
            return uri
        start = f"{self.server}/"
        return found[1] + found[2][len(start) :] if found[2].startswith(start) else None
