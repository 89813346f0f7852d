"""A handshake session as it is kept for every worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct, json
from msgspec.structs import replace

from fastmcp._protocol.eras import Sender
from fastmcp.wire.lifecycle import ClientCapabilities, Implementation
from fastmcp.wire.revisions import REVISIONS

from ..visibility import Rule
from .messages import readable


class SavedSession(Struct, frozen=True, omit_defaults=True):
    """What a worker has to know of a session to serve it.

    `listener` is the worker on which its client listens, `heard` the change up to which it was
    told of changes, `delivered` the position up to which it was sent what nobody asked for, and
    `unheard` are the lists that have changed for it alone without its being told.
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
    unheard: tuple[str, ...] = ()

    def sender(self) -> Sender:
        """The client, as its handshake introduced it."""
        revision = REVISIONS[self.revision]
        level: Any = self.log_level
        capabilities = ClientCapabilities.model_validate(self.capabilities)
        return Sender(revision, capabilities, self.info, level)


encode_saved: Final = json.Encoder(order="deterministic").encode
_decode: Final = json.Decoder(SavedSession).decode


def read_saved(raw: bytes) -> SavedSession | None:
    """The session; None for one that this worker cannot serve, as one of a revision that a later
    version speaks.
    """
    return readable(_read, raw)


def _read(raw: bytes) -> SavedSession:
    saved = _decode(raw)
    if saved.revision not in REVISIONS:
        raise ValueError(f"There is no revision {saved.revision}")
    ClientCapabilities.model_validate(saved.capabilities)
    return saved


_SETS = ("watched", "unheard")
_LISTENING = ("listener", "heard", "delivered")


def merged(base: SavedSession, mine: SavedSession, theirs: SavedSession) -> SavedSession:
    """Theirs, with what mine changed of what both were."""
    changes: dict[str, Any] = {
        name: getattr(mine, name)
        for name in SavedSession.__struct_fields__
        if getattr(mine, name) not in (getattr(base, name), getattr(theirs, name))
    }
    for name in changes.keys() & _SETS:
        before, now = set(getattr(base, name)), set(getattr(mine, name))
        changes[name] = tuple(
            sorted((set(getattr(theirs, name)) | (now - before)) - (before - now))
        )
    if "rules" in changes:
        changes["rules"] = merged_rules(base.rules, mine.rules, theirs.rules)
    if theirs.listener != base.listener and mine.listener in (None, base.listener):
        for name in _LISTENING:  # they know better, since it listens elsewhere by now
            changes.pop(name, None)
    return replace(theirs, **changes)


def merged_rules(
    base: Sequence[Rule], mine: Sequence[Rule], theirs: Sequence[Rule]
) -> tuple[Rule, ...]:
    """Theirs with what mine added to what both had; mine, if that was something else."""
    if tuple(mine[: len(base)]) == tuple(base):
        return (*theirs, *mine[len(base) :])
    return tuple(mine)
