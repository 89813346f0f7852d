"""The streams that a modern client listens on for changes (PROTOCOL 3.14)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from msgspec import DecodeError, Raw, json

from fastmcp.exceptions import ClientError, McpError, TimedOut
from fastmcp.wire.jsonrpc import Notification
from fastmcp.wire.notifications import (
    SubscriptionFilter,
    SubscriptionsAcknowledgedNotificationParams,
)

logger: Final = logging.getLogger("fastmcp.client")

_read = json.Decoder(SubscriptionsAcknowledgedNotificationParams).decode

ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
# How long after a stream was lost another one is opened, in seconds: longer each time in a row.
RETRY, LONGEST_RETRY = 0.5, 30.0
# How long a server may take to say that it tells, where nobody said otherwise.
PATIENCE = 10.0

EVERY_LIST = SubscriptionFilter(
    tools_list_changed=True, prompts_list_changed=True, resources_list_changed=True
)


class Streams:
    """One stream for all lists, and one for each watched resource.

    `listen` sends a `subscriptions/listen` and returns when its stream ends. A stream that is lost
    is opened again. What changed meanwhile the server does not tell, so `missed` is given all that
    it tells of. `patience` is how long a server may take to say that it tells.
    """

    def __init__(
        self,
        listen: Callable[[SubscriptionFilter], Awaitable[Any]],
        missed: Callable[[Notification], None],
        patience: float | None,
    ) -> None:
        self._listen = listen
        self._missed = missed
        self._patience = PATIENCE if patience is None else patience
        self._tasks: dict[str | None, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()
        self._awaited: tuple[bool, asyncio.Future[bool]] | None = None

    async def hear_lists(self) -> None:
        """Hear from now on that a list has changed, from a server that tells."""
        async with self._turn:
            if None not in self._tasks:
                self._tasks[None] = (await self._begin(EVERY_LIST, patient=True))[0]

    async def watch(self, uri: str) -> None:
        """Hear from now on that a resource has changed.

        Raises:
            ClientError: the server does not tell of this resource.
            McpError: it tells of no changes at all.
            TimedOut: it did not say whether it does.
        """
        async with self._turn:
            if uri in self._tasks:
                return
            wanted = SubscriptionFilter(resource_subscriptions=[uri])
            task, agreed = await self._begin(wanted, patient=False)
            if not agreed:
                await _end([task])
                raise self._not_told(uri, agreed)
            self._tasks[uri] = task

    def _not_told(self, uri: str, agreed: bool | None) -> ClientError:
        if agreed is None:
            return TimedOut(
                f"Timed out: the server did not say within {self._patience:g} seconds whether it "
                f"tells of changes of {uri}"
            )
        return ClientError(f"The server does not tell of changes of {uri}")

    async def _begin(
        self, wanted: SubscriptionFilter, *, patient: bool
    ) -> tuple[asyncio.Task[None], bool | None]:
        """Open a stream; whether the server agreed to what is wanted, None where it did not say."""
        agreed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._awaited = (bool(wanted.resource_subscriptions), agreed)
        task = asyncio.create_task(self._keep(wanted, patient=patient))
        try:
            await asyncio.wait(
                (agreed, task), timeout=self._patience, return_when="FIRST_COMPLETED"
            )
        except asyncio.CancelledError:
            task.cancel()
            raise
        finally:
            self._awaited = None
        if task.done():
            await task
        return task, agreed.result() if agreed.done() else None

    async def unwatch(self, uri: str) -> None:
        """Hear of a resource no more."""
        await _end([self._tasks.pop(uri)] if uri in self._tasks else [])

    async def close(self) -> None:
        """End all streams."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        await _end(tasks)

    def take(self, notification: Notification) -> bool:
        """Whether a notification only says that a stream has begun."""
        if notification.method != ACKNOWLEDGED:
            return False
        try:
            told = _read(notification.params)
        except (DecodeError, UnicodeError, RecursionError):
            return True
        honoured = told.notifications
        lists = (
            honoured.tools_list_changed,
            honoured.prompts_list_changed,
            honoured.resources_list_changed,
        )
        if self._awaited is not None and not self._awaited[1].done():
            of_resource, agreed = self._awaited
            if not of_resource or not any(lists):
                agreed.set_result(bool(honoured.resource_subscriptions) or not of_resource)
        self._tell_missed(honoured)
        return True

    def _tell_missed(self, honoured: SubscriptionFilter) -> None:
        """A stream has begun: tell of all that it is for, if there was one before."""
        if None in self._tasks:
            for of, wanted in (
                ("tools", honoured.tools_list_changed),
                ("prompts", honoured.prompts_list_changed),
                ("resources", honoured.resources_list_changed),
            ):
                if wanted:
                    self._missed(Notification(f"notifications/{of}/list_changed", Raw(b"{}")))
        for uri in honoured.resource_subscriptions or ():
            if uri in self._tasks:
                params = Raw(json.encode({"uri": uri}))
                self._missed(Notification("notifications/resources/updated", params))

    async def _keep(self, wanted: SubscriptionFilter, *, patient: bool) -> None:
        """Listen again whenever the stream is lost; the server's refusal ends it."""
        pause = RETRY
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._listen(wanted)
            except McpError as error:
                if not patient:
                    raise
                logger.debug("The server tells of no changes: %s", error)
                return
            except ClientError as error:
                logger.debug("A stream of changes was lost: %s", error)
            patient = True
            lasted = asyncio.get_running_loop().time() - began > pause
            pause = RETRY if lasted else min(2 * pause, LONGEST_RETRY)
            await asyncio.sleep(pause)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
