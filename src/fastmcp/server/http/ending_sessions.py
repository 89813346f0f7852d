"""The sessions of an endpoint, as far as their end goes."""

from __future__ import annotations

from typing import Protocol


class EndingSessions(Protocol):
    """What the end of an application does to its sessions, in this order."""

    dismissed: bool
    """Whether those who listen have been sent away, and nobody may begin to."""

    def stop_listening(self) -> None:
        """End the streams that wait for whatever may come, and begin no more until the `end`."""
        ...

    def interrupt(self) -> None:
        """Have what is being served answered with an error: the server stops."""
        ...

    async def end(self, grace: float) -> None:
        """Serve no more; the calls that this cancels have `grace` seconds to clean up."""
        ...
