"""Events: parts of a server, and its workers, that tell each other what has happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .event import Event as Event
    from .event_bus import EventBus as EventBus
    from .subscription import Subscription as Subscription

__all__ = ["Event", "EventBus", "Subscription"]

lazy_names(__name__, {"Event": ".event", "EventBus": ".event_bus", "Subscription": ".subscription"})
