"""Balancer: sends each request to one of the backends, and to another when that fails."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Final, TypeVar

from fastmcp.server.inputs.rounds import Suspended
from fastmcp.wire.inputs import InputRequiredResult

from .asked import Asked
from .backend import Backend
from .faults import may_be_repeated
from .rounds import Round
from .strategies import Strategy
from .unavailable import BackendsBusy, BackendsUnavailable, GivenUp
from .under_way import UnderWay

M = TypeVar("M")
R = TypeVar("R")

PATIENCE: Final = 30.0
"""Seconds that a request waits for room at a backend."""

logger: Final = logging.getLogger("fastmcp.proxy")


class Balancer:
    """Chooses by a strategy among the backends that are there. `doubted` hears of each fault,
    `recovered` of a backend that is used again.
    """

    def __init__(self, name: str, strategy: Strategy) -> None:
        self.name = name
        self.strategy = strategy
        self.doubted: Callable[[Backend], object] = _nothing
        self.recovered: Callable[[Backend], object] = _nothing
        self._turns = count(1)
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def send(
        self, asked: Asked, members: Mapping[Backend, M], act: Callable[[M], Awaitable[R]]
    ) -> R:
        """What `act` gives for the member of one backend. Each is tried once, as long as the
        request may be repeated.

        Raises:
            BackendsUnavailable: there is none left.
            BackendsBusy: all of them have been at their limits for too long.
        """
        left = list(members)
        round = Round.of(asked)
        bound = None if round is None else round.backend(left)
        while True:
            backend = bound or await self._chosen(left, asked)
            try:
                result = await self._try(backend, asked, act, members[backend])
            except Suspended:
                if round is not None:
                    round.ends_at(backend)
                raise
            except Exception as error:
                fault = backend.fault_in(error)
                if fault is None or not may_be_repeated(fault, safe=asked.safe):
                    raise
                left.remove(backend)
                bound = None
                if not any(each.health.admits for each in left):
                    raise self._unavailable(members) from error
                logger.info("%s is not answered by %r: %s", asked.name, backend.name, fault)
            else:
                if round is not None and isinstance(result, InputRequiredResult):
                    round.ends_at(backend)
                return result

    async def _try(
        self, backend: Backend, asked: Asked, act: Callable[[M], Awaitable[R]], member: M
    ) -> R:
        trial = backend.health.begin()
        under_way = UnderWay() if asked.safe else None
        backend.takes(under_way, next(self._turns))
        try:
            result = await act(member)
        except Exception as error:
            self._raised(backend, error, trial)
            raise
        except asyncio.CancelledError:
            backend.health.forgone(trial)
            if under_way is not None and under_way.was_given_up():
                raise GivenUp(f"{backend.name} no longer answers") from None
            raise
        except BaseException:
            backend.health.forgone(trial)
            raise
        else:
            self.succeeded(backend)
            return result
        finally:
            backend.has_ended(under_way)
            if self._waiting:
                self._let_in()

    def _raised(self, backend: Backend, error: Exception, trial: bool) -> None:
        fault = backend.fault_in(error)
        if fault is None:
            self.succeeded(backend)
        elif backend.is_reason(fault):
            self.failed(backend, fault, trial)
        else:
            backend.health.forgone(trial)
            self.doubted(backend)

    def succeeded(self, backend: Backend) -> None:
        """A backend has answered."""
        if backend.health.succeeded():
            logger.warning("The backend %r of %r is used again", backend.name, self.name)
            self.recovered(backend)
            self._let_in()

    def failed(self, backend: Backend, error: BaseException, trial: bool = False) -> None:
        """A backend has not answered."""
        backend.faults += 1
        again = not backend.health.good
        if backend.health.failed(error, trial):
            logger.log(
                logging.INFO if again else logging.WARNING,
                "The backend %r of %r is not used for %.3g s: %s",
                backend.name,
                self.name,
                backend.health.rest,
                backend.health.last_error,
            )
        self.doubted(backend)

    # Choosing

    async def _chosen(self, backends: Sequence[Backend], asked: Asked) -> Backend:
        while True:
            usable = self._usable(backends, asked)
            if not usable:
                raise self._unavailable(backends)
            free = [backend for backend in usable if backend.has_room]
            if free:
                return free[0] if len(free) == 1 else self.strategy.choose(free, asked)
            await self._room()

    def _usable(self, backends: Sequence[Backend], asked: Asked) -> list[Backend]:
        """Those that are there. One that has failed is tried with what may be repeated, or when
        there is no other.
        """
        if not asked.safe and (good := [each for each in backends if each.health.good]):
            return good
        return [each for each in backends if each.health.admits]

    async def _room(self) -> None:
        """Wait until a request has ended."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(PATIENCE):
                await turn
        except TimeoutError:
            raise BackendsBusy(
                f"Every backend of {self.name!r} has as many requests under way as it may have; "
                "try again later",
                1.0,
            ) from None
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._let_in()
            raise
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)

    def _let_in(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _unavailable(self, backends: Iterable[Backend]) -> BackendsUnavailable:
        failures = {each.name: each.health.last_error or "it failed" for each in backends}
        rests = [each.health.rest for each in backends]
        wait = round(min(rests), 3) if rests else None
        again = f"; try again in {wait:.3g} seconds" if wait else ""
        which = "the only backend" if len(rests) == 1 else f"any of the {len(rests)} backends"
        return BackendsUnavailable(
            f"{self.name!r} cannot reach {which} that could answer this{again}", failures, wait
        )


def _nothing(backend: Backend) -> None:
    pass
