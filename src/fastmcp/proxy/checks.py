"""What happens to backends beside the requests: they are opened, looked after, and closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from fastmcp.exceptions import ClientError, McpError

from .backend import Backend
from .balancer import Balancer

SOON: Final = 0.01

logger: Final = logging.getLogger("fastmcp.proxy")


class Checks:
    """Looks after backends while it is running, in whatever event loops that is."""

    def __init__(self, balancer: Balancer) -> None:
        self._balancer = balancer
        self._lives: list[Life] = []
        self._homes: list[asyncio.AbstractEventLoop] = []

    @asynccontextmanager
    async def running(self, backends: Sequence[Backend]) -> AsyncGenerator[None]:
        """Inside of the block, the backends are open and looked after."""
        home = asyncio.get_running_loop()
        self._homes.append(home)
        try:
            started = [self._begin(each) for each in backends]
            await asyncio.gather(*(life.opened for life in started))
            yield
        finally:
            self._homes.remove(home)
            ending = [life for life in self._lives if life.home is home]
            self._lives = [life for life in self._lives if life.home is not home]
            for life in ending:
                life.end()
            await asyncio.gather(*(life.ended() for life in ending))

    def add(self, backend: Backend) -> None:
        """Look after one more."""
        for home in self._homes:
            _in(home, lambda: self._begin(backend))

    def remove(self, backend: Backend) -> None:
        """Close one, once nobody uses it."""
        for life in self._of(backend):
            _in(life.home, life.retire)

    def hurry(self, backend: Backend) -> None:
        """See soon whether it is there."""
        for life in self._of(backend):
            _in(life.home, life.hurry)

    def _of(self, backend: Backend) -> list[Life]:
        return [life for life in self._lives if life.backend is backend]

    def _begin(self, backend: Backend) -> Life:
        life = Life(backend, self._balancer)
        self._lives.append(life)
        life.task.add_done_callback(lambda _: self._over(life))
        return life

    def _over(self, life: Life) -> None:
        if life in self._lives:
            self._lives.remove(life)


class Life:
    """One backend while it is open, in one event loop."""

    def __init__(self, backend: Backend, balancer: Balancer) -> None:
        self.backend = backend
        self.home: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = self.home.create_future()
        self._balancer = balancer
        self._doubt = asyncio.Event()
        self.task: asyncio.Task[None] = self.home.create_task(self._live())

    def hurry(self) -> None:
        """Check before it is time."""
        self._doubt.set()

    def end(self) -> None:
        """Close it now."""
        self.task.cancel()

    def retire(self) -> None:
        """Close it once nothing is under way there."""
        if self.backend.in_flight == 0:
            self.end()
        else:
            self.backend.when_idle = self.retire

    async def ended(self) -> None:
        """Wait until it is closed."""
        await asyncio.wait((self.task,))

    async def _live(self) -> None:
        backend = self.backend
        try:
            async with backend.provider.lifespan():
                self.opened.set_result(None)
                if backend.ping is None or backend.health.policy.interval is None:
                    await asyncio.Event().wait()
                while True:
                    await self._due()
                    await self._look()
        except asyncio.CancelledError:
            self.opened.cancel()
        except Exception as error:
            what = "left with" if self.opened.done() else "not opened for"
            logger.warning("The backend %r was %s an error: %s", backend.name, what, error)
            if not self.opened.done():
                self.opened.set_exception(error)
                self.opened.exception()  # nobody waits for one that was added later

    async def _due(self) -> None:
        """Wait until it is to be looked at: now and then, sooner when something has failed."""
        health, policy = self.backend.health, self.backend.health.policy
        assert policy.interval is not None
        if not health.good:
            await asyncio.sleep(min(max(health.rest, SOON), policy.interval))
        else:
            pause = min(policy.backoff, policy.interval) if health.failing else policy.interval
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._doubt.wait()
        self._doubt.clear()

    async def _look(self) -> None:
        backend = self.backend
        assert backend.ping is not None
        trial = not backend.health.good
        try:
            await backend.ping(backend.health.policy.timeout)
        except Exception as error:
            if not isinstance(error, McpError) or isinstance(error, ClientError):
                self._balancer.failed(backend, error, trial)
                if isinstance(error, TimeoutError) and not backend.health.good:
                    backend.give_up()
                return
        self._balancer.succeeded(backend)


def _in(home: asyncio.AbstractEventLoop, act: Callable[[], object]) -> None:
    """Do something in a loop: at once when it is the running one."""
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is home:
        act()
    else:
        with suppress(RuntimeError):  # it has ended
            home.call_soon_threadsafe(act)
