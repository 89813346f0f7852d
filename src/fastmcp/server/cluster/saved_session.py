"""A handshake session as it is kept for every worker."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, json
from msgspec.structs import replace

from fastmcp._protocol.eras import Sender
from fastmcp.wire.lifecycle import ClientCapabilities, Implementation
from fastmcp.wire.revisions import REVISIONS

from ..visibility import Rule


class SavedSession(Struct, frozen=True, omit_defaults=True):
    """What a worker has to know of a session to serve it.

    `listener` is the worker on which its client listens, `heard` the change up to which it was
    told of changes, `delivered` the position up to which it was sent what nobody asked for.
    """

    revision: str
    capabilities: dict[str, Any]
    info: Implementation | None = None
    principal: str | None = None
    introduced: bool = False
    log_level: str | None = None
    watched: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    listener: str | None = None
    heard: str | None = None
    delivered: str | None = None

    def sender(self) -> Sender:
        """The client, as its handshake introduced it."""
        revision = REVISIONS[self.revision]
        level: Any = self.log_level
        capabilities = ClientCapabilities.model_validate(self.capabilities)
        return Sender(revision, capabilities, self.info, level)


encode_saved = json.Encoder(order="deterministic").encode
decode_saved = json.Decoder(SavedSession).decode


def merged(base: SavedSession, mine: SavedSession, theirs: SavedSession) -> SavedSession:
    """Theirs, with what mine changed of what both were."""
    changes: dict[str, Any] = {
        name: getattr(mine, name)
        for name in SavedSession.__struct_fields__
        if getattr(mine, name) != getattr(base, name)
    }
    if "watched" in changes:
        added, dropped = (
            set(mine.watched) - set(base.watched),
            set(base.watched) - set(mine.watched),
        )
        changes["watched"] = tuple(sorted((set(theirs.watched) | added) - dropped))
    if "rules" in changes and mine.rules[: len(base.rules)] == base.rules:
        changes["rules"] = theirs.rules + mine.rules[len(base.rules) :]
    if "listener" in changes and mine.listener is None and theirs.listener != base.listener:
        del changes["listener"]  # it listens elsewhere already
    return replace(theirs, **changes)
