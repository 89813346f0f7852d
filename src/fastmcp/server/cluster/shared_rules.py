"""Rules of visibility of sessions that name themselves in each request, wherever that arrives."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import json

from fastmcp.exceptions import StoreUnavailable

from ..session_visibility import MAX_SESSIONS, SessionVisibility
from ..subscriptions import Change
from ..visibility import Rule
from .cluster import Cluster
from .messages import Message, Shown, readable
from .saved_session import merged_rules

# How long the rules of a session are kept that nobody uses, in seconds.
TTL: Final = 24 * 3600.0

logger: Final = logging.getLogger("fastmcp.cluster")

_encode = json.Encoder(order="deterministic").encode
_decode = json.Decoder(list[Rule]).decode


class SharedRules:
    """Keeps each worker's rules those that all workers have set. `tell` lets the clients here know
    of a change that another worker made.
    """

    def __init__(
        self, cluster: Cluster, visibility: SessionVisibility, tell: Callable[[Change], None]
    ) -> None:
        self._cluster = cluster
        self._visibility = visibility
        self._tell = tell
        # What was kept of each session that was seen here, when it was last looked up or saved; and
        # for which of them that is so still.
        self._kept: OrderedDict[str, bytes | None] = OrderedDict()
        self._known: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        cluster.listen(self)

    async def recognize(self, session: str) -> None:
        """Know the rules of a session: looked up the first time that it is seen here."""
        if session in self._known:
            self._kept.move_to_end(session)
        else:
            await self._look_up(session)

    async def _look_up(self, session: str) -> None:
        self._note(session, self._kept.get(session))  # first, to hear of changes meanwhile
        self._take(session, await self._cluster.backplane.get(_key(session)))

    def _take(self, session: str, kept: bytes | None) -> None:
        """Have the rules that are kept, with what has changed here and is not saved yet."""
        base, mine = _read(self._kept.get(session)), self._visibility.rules_of(session)
        if kept is not None:
            theirs = _read(kept)
            rules = theirs if mine == base else merged_rules(base, mine, theirs)
            self._visibility.replace(session, rules)
        self._note(session, kept)
        self._known.add(session)

    def _note(self, session: str, kept: bytes | None) -> None:
        self._kept[session] = kept
        self._kept.move_to_end(session)
        if len(self._kept) > MAX_SESSIONS:
            oldest, _ = self._kept.popitem(last=False)
            self._known.discard(oldest)

    # Changes

    async def share(self, session: str, lists: Sequence[str]) -> None:
        """Let the other workers have the rules of a session, which have changed these lists."""
        try:
            while not await self._save(session):
                self._take(session, await self._cluster.backplane.get(_key(session)))
            await self._cluster.tell_all(Shown(self._cluster.id, session, list(lists)))
        except StoreUnavailable as error:
            logger.error("What a session sees could not be shared with other workers: %s", error)

    async def _save(self, session: str) -> bool:
        backplane, kept = self._cluster.backplane, self._kept.get(session)
        data = _encode(self._visibility.rules_of(session))
        if kept is None:
            saved = await backplane.add(_key(session), data, TTL)
        else:
            saved = await backplane.swap(_key(session), kept, data, TTL)
        if saved:
            self._note(session, data)
        return saved

    def hear(self, message: Message) -> None:
        if not isinstance(message, Shown) or message.session not in self._kept:
            return
        if message.by != self._cluster.id:
            self._known.discard(message.session)
            task = asyncio.get_running_loop().create_task(self._follow(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _follow(self, shown: Shown) -> None:
        try:
            await self._look_up(shown.session)
        except StoreUnavailable:
            self._known.discard(shown.session)  # the next request looks it up
        for each in shown.lists:
            of: Any = each
            self._tell(Change(of, session=shown.session))

    async def look_again(self) -> None:
        self._known.clear()


def _read(kept: bytes | None) -> tuple[Rule, ...]:
    return () if kept is None else tuple(readable(_decode, kept) or ())


def _key(session: str) -> str:
    return f"rules:{session}"
