"""Rules of visibility of sessions that name themselves in each request, wherever that arrives."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import Final

from msgspec import json

from fastmcp.exceptions import StoreUnavailable

from ..session_visibility import MAX_SESSIONS, SessionVisibility
from ..visibility import Rule
from .cluster import Cluster
from .messages import Message, Shown

# How long the rules of a session are kept that nobody uses, in seconds.
TTL: Final = 24 * 3600.0

logger = logging.getLogger("fastmcp.cluster")

_encode = json.Encoder(order="deterministic").encode
_decode = json.Decoder(list[Rule]).decode


class SharedRules:
    """Keeps each worker's rules those that any worker set last."""

    def __init__(self, cluster: Cluster, visibility: SessionVisibility) -> None:
        self._cluster = cluster
        self._visibility = visibility
        self._known: OrderedDict[str, None] = OrderedDict()
        cluster.listen(self._hear)

    async def recognize(self, session: str) -> None:
        """Know the rules of a session: looked up the first time that it is seen here."""
        if session in self._known:
            self._known.move_to_end(session)
            return
        found = await self._cluster.backplane.get(_key(session))
        if found is not None:
            self._visibility.replace(session, _decode(found))
        self._note(session)

    async def share(self, session: str) -> None:
        """Let the other workers have the rules of a session."""
        rules = list(self._visibility.rules_of(session))
        self._note(session)
        try:
            await self._cluster.backplane.put(_key(session), _encode(rules), TTL)
            await self._cluster.tell_all(Shown(session, rules))
        except StoreUnavailable as error:
            logger.error("What a session sees could not be shared with other workers: %s", error)

    def _note(self, session: str) -> None:
        self._known[session] = None
        self._known.move_to_end(session)
        if len(self._known) > MAX_SESSIONS:
            self._known.popitem(last=False)

    def _hear(self, message: Message) -> None:
        if isinstance(message, Shown) and message.session in self._known:
            self._visibility.replace(message.session, message.rules)


def _key(session: str) -> str:
    return f"rules:{session}"
