"""Several: the conversation of a client with the servers of a configuration."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from typing import Any, Final, TypeVar

from msgspec import Raw, json

from fastmcp._version import VERSION
from fastmcp.exceptions import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    RESOURCE_NOT_FOUND,
    ClientError,
    ConnectFailed,
    InvalidParams,
    McpError,
    MethodNotFound,
)
from fastmcp.wire.features import Tool
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.lifecycle import (
    Implementation,
    InitializeResult,
    LoggingLevel,
    ServerCapabilities,
)
from fastmcp.wire.tasks import TaskMetadata

from .connection import not_connected
from .listings import LISTINGS, RESOURCES, Listing, Target, target_of
from .member import Member
from .negotiation import Agreement
from .progress import ProgressHandler
from .tasks.created import created_in

logger: Final = logging.getLogger("fastmcp.client")

R = TypeVar("R")
Failures = dict[str, Exception]

OF_ONE_TASK = frozenset(("tasks/get", "tasks/result", "tasks/update", "tasks/cancel"))
# Of how many tasks it is known whose they are.
MOST_TASKS = 1000

# What the client is told of as the server, as FastMCP has it.
NAME = "MCPRouter"


class Several:
    """Asks several servers at once for lists, and for everything else the one that a name is of.

    A server that cannot be reached, or fails, is left out with a warning; only when all fail is
    that an error. It is tried again at the next list, and by each request for something of its own.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = list(members)
        # Of `one` and `one_b`, `one_b_x` is rather of the second; without prefixes the order stays.
        self._longest_first = sorted(members, key=lambda each: -len(each.prefix.server or ""))
        self._users = 0
        self._homes: dict[tuple[str, str], Member] = {}
        self._tasks: dict[str, Member] = {}

    @property
    def is_open(self) -> bool:
        """Whether one of the servers can be reached."""
        return any(member.conversation.is_open for member in self._members)

    @property
    def agreement(self) -> Agreement:
        """What was agreed on with those that could be reached, taken together."""
        agreed = {
            member.name: member.conversation.agreement for member in self._members if member.entered
        }
        if not agreed:
            raise not_connected()
        return _together(agreed)

    # Opening and closing

    async def enter(self) -> None:
        """Open all servers, for the first user.

        Raises:
            ConnectFailed: none of them can be reached; the text names each.
        """
        self._users += 1
        try:
            for member in self._members:
                member.want()
            done, failures = await _gathered(self._members, Member.ready)
            if len(failures) == len(self._members):
                raise _none_reached(failures)
        except BaseException:
            await self.leave()
            raise
        self._tell_of(done, failures, "is left out")

    async def leave(self) -> None:
        """Close them, after the last user."""
        self._users = max(0, self._users - 1)
        if self._users == 0:
            await _gathered(self._members, Member.leave)

    async def close(self) -> None:
        """Close them, whoever uses them."""
        self._users = 0
        await _gathered(self._members, Member.close)

    async def initialize(self, timeout: float | None) -> Agreement:
        """Agree on a revision with each."""
        await self._each(lambda member: member.conversation.initialize(timeout))
        return self.agreement

    # Asking

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        progress_handler: ProgressHandler | None = None,
        meta: Mapping[str, Any] | None = None,
        in_rounds: bool = True,
        as_task: TaskMetadata | None = None,
    ) -> Raw:
        """Ask all servers for a list, or one for what is its own.

        Raises:
            McpError: it answered with an error, or the name is of none of them.
            ClientError: it did not answer, in time or at all.
        """
        params = params or {}
        if listing := LISTINGS.get(method):
            if params.get("cursor") is not None:
                raise InvalidParams("The lists of several servers come in one page")
            items = await self._list(listing, timeout, progress_handler, meta)
            return Raw(json.encode(listing.result(**{listing.items: items})))
        if method in OF_ONE_TASK:
            return await self._ask_of_task(method, params, timeout, meta)
        target = target_of(method, params)
        if target is None:
            raise MethodNotFound(
                f"{method} cannot be asked of several servers at once; use a client of one"
            )

        async def ask(member: Member, name: str) -> Raw:
            await member.ready()
            raw = await member.request(
                method,
                target.renamed(params, name),
                timeout,
                progress_handler,
                meta,
                in_rounds,
                as_task,
            )
            if (created := created_in(raw)) is not None:
                self._keep_in_mind(created.state.task_id, member)
            return raw

        return await self._ask_one(target, ask)

    async def _ask_one(self, target: Target, ask: Callable[[Member, str], Awaitable[R]]) -> R:
        """Ask the server whose it is; where that cannot be told, each in turn until one knows."""
        missing: McpError | None = None
        for member, name in await self._owners(target.listing, target.name):
            try:
                return await ask(member, name)
            except McpError as error:
                if error.code not in (INVALID_PARAMS, RESOURCE_NOT_FOUND):
                    raise
                missing = missing or _in_our_names(error, target, name)
        raise missing or target.listing.unknown(target.name)

    async def _ask_of_task(
        self,
        method: str,
        params: Mapping[str, Any],
        timeout: float | None,
        meta: Mapping[str, Any] | None,
    ) -> Raw:
        """Ask the server that has a task, which is found by asking all for one that is unknown."""
        id = params.get("taskId")
        if not isinstance(id, str):
            raise InvalidParams(f"{method} needs a taskId")
        known = self._tasks.get(id)
        for member in self._members if known is None else (known,):
            try:
                await member.ready()
                raw = await member.request(method, params, timeout, None, meta)
            except (McpError, ClientError) as error:
                if known is not None:
                    raise
                logger.debug("The server %r does not know the task: %s", member.name, error)
                continue
            self._keep_in_mind(id, member)
            return raw
        raise InvalidParams(f"Task not found: {id}")

    def _keep_in_mind(self, id: str, member: Member) -> None:
        self._tasks[id] = member
        if len(self._tasks) > MOST_TASKS:
            del self._tasks[next(iter(self._tasks))]

    async def _owners(self, listing: Listing, name: str) -> list[tuple[Member, str]]:
        """The servers that may have something of that name, and their own names for it."""
        found = [
            (member, inner)
            for member in self._longest_first
            if (inner := member.prefix.inner(listing, name)) is not None
        ]
        if len(found) < 2:
            return found
        if (listing.method, name) not in self._homes:
            await self._list(listing, None, None, None)
        home = self._homes.get((listing.method, name))
        if home is not None:
            return [each for each in found if each[0] is home]
        return found if listing is RESOURCES else found[:1]

    async def _list(
        self,
        listing: Listing,
        timeout: float | None,
        progress_handler: ProgressHandler | None,
        meta: Mapping[str, Any] | None,
    ) -> list[Any]:
        """The items of all servers; the first server that has a name has it."""
        if self._users == 0:
            raise not_connected()
        found, failures = await _gathered(
            self._members, lambda member: member.items(listing, timeout, progress_handler, meta)
        )
        lacking = {name for name, error in failures.items() if _lacks(error)}
        failures = {name: each for name, each in failures.items() if name not in lacking}
        if failures and not found:
            raise next(iter(failures.values()))
        self._tell_of(found, failures, f"is left out of {listing.method}")
        homes: dict[tuple[str, str], Member] = {}
        items: list[Any] = []
        for member in self._members:
            for item in found.get(member.name, ()):
                name = getattr(item, listing.key)
                if homes.setdefault((listing.method, name), member) is member:
                    items.append(item)
        self._homes = {k: v for k, v in self._homes.items() if k[0] != listing.method} | homes
        return items

    def cancel(self, id: RequestId, reason: str | None) -> None:
        """Give up a request that is in flight.

        Raises:
            ClientError: requests to several servers are, and each server has such an id.
        """
        asked = [member for member in self._members if member.in_flight]
        if len(asked) > 1:
            raise ClientError(
                f"Several servers have a request {id!r}; cancel the task that waits for it instead"
            )
        for member in asked:
            member.conversation.cancel(id, reason)

    # What goes to all, or to the one that a URI is of

    async def ping(self) -> None:
        """See that a server answers; those that do not are told of in a warning."""
        await self._each(lambda member: member.conversation.ping())

    async def set_level(self, level: LoggingLevel) -> None:
        """Hear log messages of this level and above from all servers that send any."""
        for member in self._members:
            member.level = level
        await self._each(lambda member: member.set_level(level))

    async def tell(self, method: str, params: Any) -> None:
        """Send a notification to all servers of the handshake era."""
        await self._each(lambda member: member.conversation.tell(method, params))

    async def hear_lists(self) -> None:
        """Hear from now on that a list of any of them has changed."""
        await self._each(lambda member: member.conversation.hear_lists())

    async def watch(self, uri: str) -> None:
        """Hear from now on that a resource has changed."""

        async def watch(member: Member, inner: str) -> None:
            await member.ready()
            await member.conversation.watch(inner)

        await self._ask_one(Target(RESOURCES, uri, "uri"), watch)

    async def unwatch(self, uri: str) -> None:
        """Hear of it no more."""
        await self._ask_one(
            Target(RESOURCES, uri, "uri"),
            lambda member, inner: member.conversation.unwatch(inner),
        )

    def learn(self, tools: list[Tool]) -> list[Tool]:
        """Nothing: each server's were learnt by its own names."""
        return tools

    async def _each(self, act: Callable[[Member], Awaitable[object]]) -> None:
        """Do it with every server that was reached; when it fails with all, that is an error."""
        members = [member for member in self._members if member.entered]
        if not members:
            raise not_connected()
        done, failures = await _gathered(members, act)
        if not done:
            raise next(iter(failures.values()))
        self._tell_of(done, failures, "failed")

    def _tell_of(self, done: Container[str], failures: Failures, fate: str) -> None:
        """Warn of servers that failed, once until they work again or fail otherwise."""
        for member in self._members:
            if member.name in done:
                member.told = None
            elif failure := failures.get(member.name):
                level = logging.DEBUG if member.told == str(failure) else logging.WARNING
                logger.log(level, "The server %r %s: %s", member.name, fate, failure)
                member.told = str(failure)


async def _gathered(
    members: Sequence[Member], act: Callable[[Member], Awaitable[R]]
) -> tuple[dict[str, R], Failures]:
    """Results and failures by server, all of them acting at once."""
    outcomes = await asyncio.gather(*map(act, members), return_exceptions=True)
    done: dict[str, R] = {}
    failures: Failures = {}
    for member, outcome in zip(members, outcomes, strict=True):
        if isinstance(outcome, Exception):
            failures[member.name] = outcome
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            done[member.name] = outcome
    return done, failures


def _lacks(error: Exception) -> bool:
    """Whether a server only says that it has no such list."""
    return isinstance(error, McpError) and error.code == METHOD_NOT_FOUND


def _in_our_names(error: McpError, target: Target, name: str) -> McpError:
    """A server's refusal, which has its own name for what was asked for."""
    theirs, ours = repr(name), repr(target.name)
    if target.listing.noun is None:
        theirs, ours = name, target.name
    if theirs not in error.message:
        return error
    return McpError(code=error.code, message=error.message.replace(theirs, ours), data=error.data)


def _none_reached(failures: Failures) -> ConnectFailed:
    each = "; ".join(f"{name}: {failure}" for name, failure in failures.items())
    return ConnectFailed(f"Connection to {len(failures)} servers failed: {each}")


def _together(agreed: Mapping[str, Agreement]) -> Agreement:
    """What several servers said, as if one had: the oldest revision, everything that any offers,
    and the instructions of each under its name.
    """
    results = {name: each.as_initialize_result() for name, each in agreed.items()}
    offered: dict[str, Any] = {}
    for result in results.values():
        for name, capability in result.capabilities.model_dump(exclude_none=True).items():
            offered[name] = {**offered.get(name, {}), **capability}  # each is an object
    instructions = [
        f"{name}: {result.instructions}" for name, result in results.items() if result.instructions
    ]
    revision = min(each.revision for each in agreed.values())
    return Agreement(
        revision,
        initialize=InitializeResult(
            protocol_version=revision.text,
            capabilities=ServerCapabilities.model_validate(offered),
            server_info=Implementation(name=NAME, version=VERSION),
            instructions="\n\n".join(instructions) or None,
        ),
    )
