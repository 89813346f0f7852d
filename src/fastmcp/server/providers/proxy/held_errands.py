"""HeldErrands: requests that wait, between two rounds of a modern client, for what it answers."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Coroutine
from typing import Any, Final

from msgspec import Raw, json

from fastmcp._runtime.exchange import Exchange
from fastmcp.exceptions import McpError

from ...inputs.asking import rounds_of
from ...inputs.rounds import Suspended
from ...state.session_names import values_of
from .errand import Errand

# How many requests may wait; the one that has waited longest is given up for a further one.
MOST: Final = 1024
# How long it may take to leave the servers behind, in seconds.
PARTING: Final = 5.0


class HeldErrands:
    """The requests of one proxy that wait in this process; each for as long as its client has for a
    round.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[Errand, asyncio.TimerHandle]] = OrderedDict()
        self._under_way: set[asyncio.Task[Raw]] = set()

    def begun(self, errand: Errand, work: Coroutine[Any, Any, Raw]) -> Errand:
        """The errand, with what it has to do under way."""
        task = errand.begin(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return errand

    def resumed(self, exchange: Exchange, place: str, *, repeatable: bool) -> Errand | None:
        """The request that waits for what this round brings; None where one has to be made.

        Raises:
            McpError: it waited elsewhere, or for too long, and must not be made again.
        """
        known = rounds_of(exchange).record.steps.get(place)
        if known is None:
            return None
        held = self._held.pop(json.decode(known, type=str), None)
        if held is not None:
            errand, timer = held
            timer.cancel()
            errand.go_on_with(exchange)
            return errand
        if repeatable:
            return None
        raise McpError(
            message="The server behind this proxy waited for an answer, and its request was given "
            "up meanwhile: it took too long, or the process that held it is gone. What it has done "
            "is not known; call again to have it done anew"
        )

    async def outcome(self, errand: Errand, place: str) -> Raw:
        """What comes of a request.

        Raises:
            Suspended: the client has to be asked first; the request is kept for its next round.
        """
        try:
            return await errand.outcome()
        except Suspended:
            self._keep(errand, place)
            raise

    def _keep(self, errand: Errand, place: str) -> None:
        id = os.urandom(16).hex()
        rounds_of(errand.exchange).record.steps[place] = Raw(json.encode(id))
        patience = errand.fastmcp._parts.request_state_security.ttl
        timer = asyncio.get_running_loop().call_later(patience, self._give_up, id)
        self._held[id] = errand, timer
        if len(self._held) > MOST:
            self._give_up(next(iter(self._held)))

    def _give_up(self, id: str) -> None:
        held = self._held.pop(id, None)
        if held is not None:
            held[1].cancel()
            held[0].give_up()

    async def close(self) -> None:
        """Give up all of them, and wait for the end of what is under way."""
        for id in list(self._held):
            self._give_up(id)
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=PARTING)


def place_of(exchange: Exchange, method: str, target: Any) -> str:
    """What a request is known by in all rounds of the client's: the n-th for this target."""
    times: dict[tuple[str, Any], int] = values_of(exchange).setdefault(HeldErrands, {})
    times[method, target] = number = times.get((method, target), 0) + 1
    return f"proxied {method} {target} {number}"
