"""Backend: the server behind a proxy, as the components of the proxy reach it."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final, Literal, TypeAlias

from msgspec import Raw, json

from fastmcp._components.current import current_scope
from fastmcp.client.client import Client
from fastmcp.exceptions import (
    INTERNAL_ERROR,
    ClientError,
    InputUnavailable,
    McpError,
    MissingCapability,
    TimedOut,
)
from fastmcp.wire.jsonrpc import Notification
from fastmcp.wire.tasks import TaskMetadata

from ...context import Context
from ...inputs.rounds import Record, Rounds
from ...subscriptions import MAX_SUBSCRIPTIONS
from .client_factory import ClientFactoryT, Target, require_client
from .errand import Errand, versioned
from .held_errands import HeldErrands, place_of
from .proxy_client import ProxyClient
from .sessions import Sessions

logger: Final = logging.getLogger("fastmcp.server.proxy")

News: TypeAlias = Literal["changed", "updated", "renewed"]
Follower: TypeAlias = Callable[[News, Any], None]

_UPDATED = "notifications/resources/updated"


class Backend:
    """Makes requests of a server for the clients of a proxy.

    Connections to a `Target` are shared; any other factory is asked for a client with each request,
    and what it gives is entered and left. `heard` is told of notifications that concern all, and
    `used` by which methods something is used.
    """

    def __init__(
        self,
        client_factory: ClientFactoryT,
        heard: Follower | None = None,
        used: Callable[[str], None] | None = None,
    ) -> None:
        self.client_factory = client_factory
        self.held: Final = HeldErrands()
        self.trouble: str | None = None
        self.offers_tasks = True
        self._heard = heard
        self._used = used
        self._sessions: Sessions | None = None
        self._listening: set[asyncio.Task[None]] = set()
        self._heard_of: set[bytes] = set()
        self._watching = AsyncExitStack()
        self._watcher: Client | None = None
        self._watched: set[str] = set()
        self._is_running = False
        if isinstance(client_factory, Target):
            self._sessions = Sessions(client_factory.client, self._opened)

    def __repr__(self) -> str:
        return repr(self.client_factory)

    @property
    def depends_on_callers(self) -> bool:
        """Whether the server may know who the caller is, and offer something else to another."""
        if isinstance(self.client_factory, Target):
            return self.client_factory.client.forward_incoming_headers
        return True

    # Its life

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        """Connections stay open inside of this."""
        if self._sessions is not None:
            self._sessions.keep()
        self._is_running = True
        try:
            yield
        finally:
            self._is_running = False
            await self.held.close()
            self._watcher = None
            self._watched.clear()
            await self._watching.aclose()
            for task in self._listening:
                task.cancel()
            self._heard_of.clear()
            if self._sessions is not None:
                await self._sessions.release()

    async def client(self) -> Client:
        """What the factory gives.

        Raises:
            ConfigurationError: it is no client.
        """
        given = self.client_factory()
        return require_client(await given if inspect.isawaitable(given) else given)

    @asynccontextmanager
    async def session(self, front: Context | None) -> AsyncGenerator[Client]:
        """A client that is open, for requests of this client in front."""
        if self._sessions is None:
            async with await self.client() as client:
                yield client
            return
        session = await self._sessions.take(front)
        try:
            yield session.client
        finally:
            await self._sessions.give_back(session)

    # What it says unasked

    def _opened(self, client: ProxyClient, caller: bytes) -> None:
        """Hear of changes, over one connection where a modern server has to be asked for that."""
        client.follow(self._follow)
        if not client.agreement.revision.modern or caller in self._heard_of:
            return
        self._heard_of.add(caller)
        task = asyncio.get_running_loop().create_task(self._listen(client, caller))
        self._listening.add(task)
        task.add_done_callback(self._listening.discard)

    async def _listen(self, client: ProxyClient, caller: bytes) -> None:
        try:
            await client.hear_lists()
        except (McpError, ClientError) as error:
            self._heard_of.discard(caller)
            logger.debug("%r does not tell of changes: %s", self, error)

    def _follow(self, notification: Notification | None) -> None:
        if self._heard is None:
            return
        if notification is None:
            self._heard("renewed", None)
            return
        _, _, rest = notification.method.partition("notifications/")
        if notification.method == _UPDATED:
            with suppress(ValueError, KeyError, RecursionError):
                self._heard("updated", json.decode(notification.params, type=dict[str, Any])["uri"])
        elif rest.endswith("/list_changed"):
            self._heard("changed", rest.removesuffix("/list_changed"))

    async def watch(self, uri: str) -> None:
        """Hear from now on that a resource has changed, from a server that tells of that.

        One connection hears it for all clients in front.
        """
        if not self._is_running or uri in self._watched or len(self._watched) >= MAX_SUBSCRIPTIONS:
            return
        self._watched.add(uri)
        try:
            if self._watcher is None:
                self._watcher = await self._watching.enter_async_context(self.session(None))
            await self._watcher.subscribe_resource(uri)
        except (McpError, ClientError) as error:
            self._watched.discard(uri)
            logger.debug("%r does not tell of changes of %s: %s", self, uri, error)

    # Requests for clients

    async def ask(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        repeatable: bool = True,
        version: str | None = None,
        wish: TaskMetadata | None = None,
    ) -> Raw:
        """Make the request that is being served of the server behind; a demand for input is among
        the results that a modern client gets, and with a `wish` a task.

        Raises:
            McpError: the server answered with an error, or cannot be reached.
        """
        if self._used is not None:
            self._used(method)
        front = Context.current_or_none()
        target = params.get("name") or params.get("uri")
        try:
            if front is None:
                raw = await self._ask_alone(method, params, version, wish)
            else:
                errand = Errand(front, wish)
                raw = await self._ask_for(errand, method, params, target, repeatable, version)
        except (InputUnavailable, MissingCapability):
            raise
        except ClientError as error:
            raise self._failed(error) from error
        self._worked()
        return raw

    async def _ask_alone(
        self,
        method: str,
        params: Mapping[str, Any],
        version: str | None,
        wish: TaskMetadata | None,
    ) -> Raw:
        async with self.session(None) as client:
            meta = versioned({}, version)
            return await client.request(method, params, meta=meta, as_task=wish)

    async def _ask_for(
        self,
        errand: Errand,
        method: str,
        params: Mapping[str, Any],
        target: Any,
        repeatable: bool,
        version: str | None,
    ) -> Raw:
        place = ""
        if errand.may_wait:
            place = place_of(errand.exchange, method, target)
            held = self.held.resumed(errand.exchange, place, repeatable=repeatable)
            if held is not None:
                return await self.held.outcome(held, place)
        async with self.session(errand) as client:
            if not isinstance(client, ProxyClient):
                return await client.request(
                    method,
                    params,
                    meta=errand.meta(version=version),
                    progress_handler=errand.heard_progress if errand.wants_progress else None,
                    as_task=errand.wish,
                )
            if not client.has_to_hold(errand):
                return await self._run(client, errand, method, params, version)
        work = self._run_in_session(errand, method, params, version)
        return await self._hold(errand, work, place)

    async def _hold(self, errand: Errand, work: Coroutine[Any, Any, Raw], place: str) -> Raw:
        token = current_scope.set(errand)
        try:
            return await self.held.outcome(self.held.begun(errand, work), place)
        finally:
            current_scope.reset(token)

    async def _run_in_session(
        self, errand: Errand, method: str, params: Mapping[str, Any], version: str | None
    ) -> Raw:
        async with self.session(errand) as client:
            assert isinstance(client, ProxyClient)
            return await self._run(client, errand, method, params, version)

    async def _run(
        self,
        client: ProxyClient,
        errand: Errand,
        method: str,
        params: Mapping[str, Any],
        version: str | None,
    ) -> Raw:
        rounds: Rounds | None = errand.exchange.rounds
        if rounds is not None and client.passes_demands_to(errand):
            params = {**params, **_taken_up(errand, rounds)}
        name = None if self._sessions is None else self._sessions.session_name(errand)
        try:
            return await client.run(errand, method, params, name, version)
        except ClientError as error:
            cause = error.__cause__
            if isinstance(cause, (InputUnavailable, MissingCapability)):
                raise cause from None  # the client in front has refused what was asked
            raise

    # Tasks

    async def finished(self, id: str, place: str) -> Raw:
        """The result of a task of the server behind, once it is there. What it asks goes to the
        client in front, while the request waits at its `place`.

        Raises:
            McpError: it failed, or the server cannot be reached.
        """
        from .task_behind import TaskBehind

        front = Context.current_or_none()
        errand = None if front is None else Errand(front)
        task = TaskBehind(id, self.session, errand)
        try:
            if errand is None:
                return await task.outcome()
            held = None
            if errand.may_wait:
                held = self.held.resumed(errand.exchange, place, repeatable=True)
            if held is not None:
                return await self.held.outcome(held, place)
            return await self._hold(errand, task.outcome(), place)
        except ClientError as error:
            raise self._refused(error) from error

    # How it is

    def _refused(self, error: ClientError) -> Exception:
        """What the client in front did not answer, or else that the server is out of reach."""
        if isinstance(error.__cause__, (InputUnavailable, MissingCapability)):
            return error.__cause__
        return error if isinstance(error, InputUnavailable) else self._failed(error)

    def _failed(self, error: ClientError) -> McpError:
        if isinstance(error, McpError) and not isinstance(error, TimedOut):
            return error
        text = f"The server behind this proxy cannot be reached: {error}"
        if self.trouble != text:
            self.trouble = text
            logger.warning("%r: %s", self, text)
        return McpError(code=INTERNAL_ERROR, message=text)

    def _worked(self) -> None:
        if self.trouble is not None:
            self.trouble = None
            logger.warning("%r can be reached again", self)


def _taken_up(errand: Errand, rounds: Rounds) -> dict[str, Any]:
    """What the client brings with this round, for the server that asked for it in the last one."""
    more: dict[str, Any] = {}
    if rounds.responses:
        more["inputResponses"] = rounds.responses
    if rounds.record.state is not None:
        more["requestState"] = rounds.record.state
    # That server keeps its own record of them.
    kept = Record(steps=rounds.record.steps, session=rounds.record.session)
    errand.exchange.rounds = Rounds(kept)
    return more
