"""The streams of events that are open over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

EVENTS: Final = (b"content-type", b"text/event-stream")


class OpenStreams:
    """Counts the responses that are streams of events, from their beginning to their end."""

    def __init__(self) -> None:
        self.count = 0

    def around(self, app: ASGIApp) -> ASGIApp:
        """The same application, whose streams are counted."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            opened = False

            async def watched(message: Message) -> None:
                nonlocal opened
                if message["type"] == "http.response.start" and EVENTS in message["headers"]:
                    opened = True
                    self.count += 1
                await send(message)

            try:
                await app(scope, receive, watched)
            finally:
                if opened:
                    self.count -= 1

        return counted
