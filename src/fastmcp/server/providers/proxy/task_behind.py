"""TaskBehind: a task of the server behind a proxy, seen through to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final

from msgspec import Raw

from fastmcp.client.client import Client
from fastmcp.exceptions import (
    ClientError,
    Disconnected,
    McpError,
    StoreUnavailable,
    TimedOut,
    UnexpectedResponse,
)
from fastmcp.wire.tasks import GetTaskResult

from ...context import Context
from .errand import Errand
from .proxy_client import ProxyClient

if TYPE_CHECKING:
    from ...tasks.record import TaskRecord

# For how long a server that knows of a task may be out of reach, in seconds.
PATIENCE: Final = 60.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
# How long it may take to have a task cancelled that nobody waits for any more, in seconds.
PARTING: Final = 5.0

Session = Callable[[Context | None], AbstractAsyncContextManager[Client]]


class TaskBehind:
    """A task of a server that `session` reaches, followed for a client in front, which is asked
    what the task asks.
    """

    def __init__(self, id: str, session: Session, errand: Errand | None) -> None:
        self.id = id
        self._session = session
        self._errand = errand
        self._said: str | None = None
        self._heard_at = 0.0

    async def outcome(self) -> Raw:
        """Its result, once it is there. It is cancelled when nobody waits for that any more.

        Raises:
            McpError: it failed, or was cancelled.
            ClientError: the server cannot be reached, or asks what cannot be answered.
        """
        loop = asyncio.get_running_loop()
        work = loop.create_task(self._followed())
        over = loop.create_task(self._over_in_front())
        try:
            await asyncio.wait((work, over), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            raise asyncio.CancelledError
        except asyncio.CancelledError:
            if self._given_up or (over.done() and not over.cancelled()):
                await self._cancel()
            raise
        except McpError:
            raise
        except ClientError:
            await self._cancel()
            raise
        finally:
            for each in (work, over):
                each.cancel()
            await asyncio.gather(work, over, return_exceptions=True)

    # The client in front

    @property
    def _given_up(self) -> bool:
        """Whether a run that is interrupted is not made again."""
        run = None if self._errand is None else self._errand.exchange.task
        return run is None or run.cancelled

    async def _over_in_front(self) -> None:
        """Wait for the end of the proxy's own task, if this is done in one: while that asks its
        client, nothing else of it is running.
        """
        errand = self._errand
        if errand is None or errand.exchange.task is None:
            await asyncio.get_running_loop().create_future()
            return
        service = errand.host._parts.tasks.service()
        while True:
            try:
                await service.until(errand.exchange.task.id, _has_ended)
                return
            except StoreUnavailable:
                await asyncio.sleep(LONGEST_PAUSE)

    async def _hear(self, state: GetTaskResult) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        message = state.status_message
        if self._errand is None or state.status != "working" or message in (None, self._said):
            return
        self._said = message
        await self._errand.heard_status(message)

    # The server behind

    async def _followed(self) -> Raw:
        loop, pause = asyncio.get_running_loop(), SHORTEST_PAUSE
        self._heard_at = loop.time()
        while True:
            client: Client | None = None
            try:
                async with self._session(self._errand) as client:
                    return await self._follow(client)
            except (ClientError, RuntimeError) as error:
                if not _is_lost(error, client) or loop.time() > self._heard_at + PATIENCE:
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _follow(self, client: Client) -> Raw:
        errand = self._errand
        if errand is None or not isinstance(client, ProxyClient):
            return await client.follow_task(self.id, self._hear)
        with client.following(self.id, errand):
            return await client.follow_task(self.id, self._hear)

    async def _cancel(self) -> None:
        """Have it cancelled, which is seen through when this is cancelled, too."""
        parting = asyncio.get_running_loop().create_task(self._part())
        try:
            await asyncio.shield(parting)
        except asyncio.CancelledError:
            await asyncio.wait((parting,))
            raise

    async def _part(self) -> None:
        try:
            async with asyncio.timeout(PARTING), self._session(self._errand) as client:
                await client.cancel_task(self.id)
        except (McpError, ClientError, RuntimeError, TimeoutError):
            return  # it is that server's affair from now on


def _has_ended(record: TaskRecord) -> bool:
    return record.ended


def _is_lost(error: Exception, client: Client | None) -> bool:
    """Whether the connection is, over which a task was followed, and no more than that."""
    if isinstance(error, RuntimeError) and not isinstance(error, ClientError):
        return client is not None and not client.is_connected()
    if isinstance(error, McpError) and not isinstance(error, TimedOut):
        return False
    return isinstance(error, (Disconnected, TimedOut, UnexpectedResponse))
