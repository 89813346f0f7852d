"""TaskNotificationHandler, by its name in FastMCP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import MessageHandler

if TYPE_CHECKING:
    from ..client import Client


class TaskNotificationHandler(MessageHandler):
    """A `MessageHandler`; a client hears of its tasks whatever its handler is."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client
