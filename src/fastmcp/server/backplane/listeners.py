"""Who hears what of the topics, in one event loop."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Final, Generic, TypeVar

from .backplane import Hear

Topic = TypeVar("Topic", str, bytes)

logger: Final = logging.getLogger("fastmcp.server.backplane")


class Listeners(Generic[Topic]):
    """Those that hear each topic; one that fails does not keep others from hearing."""

    def __init__(self) -> None:
        self._hears: dict[Topic, list[Hear]] = {}

    @property
    def topics(self) -> Collection[Topic]:
        """What anybody hears."""
        return self._hears

    def add(self, topic: Topic, hear: Hear) -> None:
        hears = self._hears.setdefault(topic, [])
        if hear not in hears:
            hears.append(hear)

    def remove(self, topic: Topic, hear: Hear) -> None:
        hears = self._hears.get(topic, [])
        if hear in hears:
            hears.remove(hear)
            if not hears:
                del self._hears[topic]

    def tell(self, topic: Topic, message: bytes | None) -> None:
        for hear in tuple(self._hears.get(topic, ())):
            try:
                hear(message)
            except Exception:
                logger.exception("What hears a topic failed")

    def tell_of_a_gap(self) -> None:
        """Messages of every topic may have been missed."""
        for topic in tuple(self._hears):
            self.tell(topic, None)
