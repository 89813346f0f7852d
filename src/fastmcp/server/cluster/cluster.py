"""This worker among those that serve the same sessions: who lives, and what all must hear."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from fastmcp.exceptions import StoreUnavailable

from ..backplane.backplane import Backplane
from .change_log import RETRY, ChangeLog
from .keeper import BackplaneKeeper
from .messages import ALL, Begun, Message, Told, decode, encode
from .session_ids import SessionIds

# In seconds: how often a worker says that it lives, and how long that holds.
HEARTBEAT: Final = 2.0
ALIVE: Final = 6.0
SECRET: Final = "secret"

logger: Final = logging.getLogger("fastmcp.cluster")


class Rules(Protocol):
    """What sessions see that name themselves, on every worker."""

    async def recognize(self, session: str) -> None: ...

    async def share(self, session: str, lists: Sequence[str]) -> None: ...


class Hearer(Protocol):
    """Hears what other workers say."""

    def hear(self, message: Message) -> None: ...

    async def look_again(self) -> None:
        """Find out what was said while nothing could be heard."""
        ...


class Cluster:
    """One worker's part in the server that all workers on a backplane are.

    It starts and stops with the server's lifespan, each time with another `id`. While the backplane
    cannot be reached it keeps trying, and what workers have to hear waits. `on_secret` is told the
    secret of all workers, which is another one when the backplane has lost what it had.
    """

    def __init__(self, backplane: Backplane) -> None:
        self.backplane = backplane
        self.keeper: Final = BackplaneKeeper(backplane)
        self.changes: Final = ChangeLog(backplane)
        self.rules: Rules | None = None
        self.id: str = ""
        self.on_secret: list[Callable[[bytes], None]] = []
        self._hearers: dict[Hearer, None] = {}
        self._secret = secrets.token_bytes(32)
        self._ids: SessionIds | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._missed = asyncio.Event()
        self._behind = False
        self._reachable = True

    # Life

    async def start(self) -> None:
        """Join the others; what fails is tried again in the background."""
        loop = asyncio.get_running_loop()
        self.id = secrets.token_hex(6)
        self._missed, self._behind = asyncio.Event(), False
        self.changes.start(self.id)
        try:
            await self._join()
        except StoreUnavailable as error:
            self._report(error)
        works = (self._live(), self._keep_up(), self.changes.keep_telling())
        self._tasks = [loop.create_task(work) for work in works]

    async def stop(self) -> None:
        """Leave the others."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks = []
        if self._ids is None:
            return
        self._ids = None
        await asyncio.gather(
            self.changes.stop(),
            self.backplane.delete(_name_of(self.id)),
            self.backplane.unsubscribe(ALL, self._heard),
            self.backplane.unsubscribe(_name_of(self.id), self._heard),
            return_exceptions=True,  # what is kept of this worker ends by itself
        )
        await self.backplane.close()

    async def _join(self) -> None:
        await self.backplane.open()
        try:
            await self.backplane.subscribe(ALL, self._heard)
            await self.backplane.subscribe(_name_of(self.id), self._heard)
            await self.changes.join()
            await self._beat()
        except BaseException:
            await self.backplane.close()
            raise

    async def _live(self) -> None:
        while True:
            pause = RETRY
            try:
                await (self._join() if self._ids is None else self._beat())
            except StoreUnavailable as error:
                self._report(error)
            except Exception:
                logger.exception("This worker could not say that it lives")
            else:
                pause = HEARTBEAT
                if not self._reachable:
                    logger.warning("The session store can be reached again")
                    self._reachable = True
            await asyncio.sleep(pause)

    async def _beat(self) -> None:
        await self.backplane.put(_name_of(self.id), b"1", ALIVE)
        await self._agree()
        if not self._behind:
            self.changes.age()

    async def _agree(self) -> None:
        """Have the secret that is kept for all; where none is, ours may be it."""
        found = await self.backplane.get(SECRET)
        begun = found is None and await self.backplane.add(SECRET, self._secret)
        if found is None:
            found = await self.backplane.get(SECRET) or self._secret
        if self._ids is None or found != self._secret:
            self._secret = found
            for act in self.on_secret:
                act(found)
            self._ids = SessionIds(found)
        if begun:
            await self.tell_all(Begun())

    async def _keep_up(self) -> None:
        """Find out what was said whenever something may have been missed."""
        while True:
            await self._missed.wait()
            self._missed.clear()
            try:
                if self._ids is not None:
                    await self._agree()
                for hearer in list(self._hearers):
                    await hearer.look_again()
                await self.changes.catch_up()
                self._behind = self._missed.is_set()
            except StoreUnavailable:
                self._missed.set()
                await asyncio.sleep(RETRY)
            except Exception:
                logger.exception("What other workers said could not be found out")

    def _report(self, error: StoreUnavailable) -> None:
        if self._reachable:
            logger.error("The session store cannot be reached: %s", error)
        self._reachable = False

    @property
    def ids(self) -> SessionIds:
        """What makes ids of sessions.

        Raises:
            StoreUnavailable: the worker could not join yet.
        """
        if self._ids is None:
            raise StoreUnavailable("The session store could not be reached yet")
        return self._ids

    async def check(self) -> None:
        """Whether sessions can be served now: StoreUnavailable when not."""
        assert self.ids
        if any(task.done() for task in self._tasks):
            raise StoreUnavailable("This worker does not take part any more")
        if await self.backplane.get(SECRET) != self._secret:
            raise StoreUnavailable("The workers have not agreed on their secret")

    async def lives(self, worker: str) -> bool:
        """Whether a worker is there."""
        if worker == self.id:
            return True
        return await self.backplane.get(_name_of(worker)) is not None

    # Messages

    def listen(self, hearer: Hearer) -> None:
        """Have `hearer` hear what other workers say."""
        self._hearers[hearer] = None

    def leave(self, hearer: Hearer) -> None:
        """Have it hear no more."""
        self._hearers.pop(hearer, None)

    async def tell(self, worker: str, message: Message) -> bool:
        """Say something to one worker; False when it does not hear it."""
        return await self.backplane.publish(_name_of(worker), encode(message))

    async def tell_all(self, message: Message) -> None:
        """Say something to every worker, this one included."""
        await self.backplane.publish(ALL, encode(message))

    def _heard(self, data: bytes | None) -> None:
        message = None if data is None else decode(data)
        if data is None or isinstance(message, Begun):
            self._behind = True
            self._missed.set()
        elif isinstance(message, Told):
            self.changes.hear(message)
        elif message is not None:
            for hearer in list(self._hearers):
                hearer.hear(message)


def _name_of(worker: str) -> str:
    """Where a worker says that it lives, and is told what it has to hear."""
    return f"worker:{worker}"
