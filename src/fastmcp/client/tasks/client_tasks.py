"""ClientTasks: the tasks of one client."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Raw, Struct, json

from fastmcp.exceptions import METHOD_NOT_FOUND, ClientError, McpError, TimedOut
from fastmcp.wire.features import GetPromptResult, ReadResourceResult
from fastmcp.wire.jsonrpc import Notification
from fastmcp.wire.tasks import (
    TASKS_EXTENSION,
    CancelTaskResult,
    GetTaskResult,
    TaskMetadata,
)

from ..answers import Answers, Question
from ..conversation import Conversation
from ..notices import Notices
from ..options import Options
from ..pages import at
from ..results import read_result
from .created import Created, created_in
from .remote_task import ENDED, RemoteTask, StatusListener
from .task import PromptTask, ResourceTask

NOTIFICATIONS: Final = frozenset(("notifications/tasks/status", "notifications/tasks"))
# So many tasks a client lists that has begun them itself, where its server lists none.
MOST_REMEMBERED: Final = 1000
# A task may be told of before its client knows that there is one; of so many that is kept.
MOST_EARLY: Final = 100
# How long leaving a task may take that nobody waits for any more, in seconds.
PARTING: Final = 5.0


class _Page(Struct, rename="camel"):
    tasks: list[dict[str, Any]]
    next_cursor: str | None = None


class ClientTasks:
    """Makes tasks of requests, hears what becomes of them, and asks."""

    def __init__(
        self, conversation: Conversation, answers: Answers, notices: Notices, options: Options
    ) -> None:
        self._conversation = conversation
        self._answers = answers
        self._notices = notices
        self._options = options
        self._known: weakref.WeakValueDictionary[str, RemoteTask] = weakref.WeakValueDictionary()
        self._begun: deque[str] = deque(maxlen=MOST_REMEMBERED)
        self._early: dict[str, Raw] = {}
        self._parting: set[asyncio.Task[None]] = set()
        notices.follow(self._hear)

    @property
    def declared(self) -> bool:
        """Whether every request of the client may become a task."""
        return self._answers.declares(TASKS_EXTENSION)

    # Requests that become tasks

    async def submit(
        self, method: str, params: Mapping[str, Any], ttl: int | None, **options: Any
    ) -> tuple[RemoteTask | None, Raw]:
        """Make a request that shall become a task: the task if it has, and the answer."""
        wish = TaskMetadata(ttl=ttl)
        raw = await self._conversation.request(method, params, as_task=wish, **options)
        created = created_in(raw)
        return (None if created is None else self.begun(created)), raw

    async def resource(
        self, uri: str, meta: Mapping[str, Any] | None, id: str | None, ttl: int | None
    ) -> ResourceTask:
        """Read a resource as a task."""

        async def contents(raw: Raw) -> list[Any]:
            return list(read_result(ReadResourceResult, raw, "resources/read").contents)

        running, raw = await self.submit("resources/read", {"uri": uri}, ttl, meta=meta)
        return await ResourceTask(running, contents, id).settled(raw)

    async def prompt(
        self,
        params: Mapping[str, Any],
        meta: Mapping[str, Any] | None,
        id: str | None,
        ttl: int | None,
    ) -> PromptTask:
        """Render a prompt as a task."""

        async def rendered(raw: Raw) -> GetPromptResult:
            return read_result(GetPromptResult, raw, "prompts/get")

        running, raw = await self.submit("prompts/get", params, ttl, meta=meta)
        return await PromptTask(running, rendered, id).settled(raw)

    def begun(self, created: Created) -> RemoteTask:
        """A task that the server has made."""
        task = RemoteTask(self, created.state, modern=created.modern)
        self._known[task.id] = task
        self._begun.append(task.id)
        early = self._early.pop(task.id, None)
        if early is not None:
            task.take(early, read_result(GetTaskResult, early, "tasks/get"), told=True)
        return task

    async def finished(self, created: Created, timeout: float | None) -> Raw:
        """The result of a request that has become a task, as if it had been answered at once.

        The task may be without change for as long as a request may be silent, unless it asks
        something; one that is not waited for to its end is cancelled.
        """
        task = self.begun(created)
        patience = self._options.timeout if timeout is None else timeout
        clock = asyncio.get_running_loop().time
        limit, longest = asyncio.timeout(patience), asyncio.timeout(self._options.max_total_timeout)

        def changed(state: GetTaskResult) -> None:
            if patience is not None and not limit.expired():
                asked = state.status == "input_required"
                limit.reschedule(None if asked else clock() + patience)

        task.listen(changed)
        try:
            async with longest, limit:
                return await task.outcome()
        except BaseException:
            if not task.ended:
                self._part_from(task)
            if limit.expired() or longest.expired():
                late = f"Task {task.id} was not done in time: it is {task.state.status}"
                raise TimedOut(late) from None
            raise
        finally:
            task.ignore(changed)

    async def part(self) -> None:
        """Wait until the tasks are left that nobody waits for any more."""
        if self._parting:
            await asyncio.wait(self._parting)

    def _part_from(self, task: RemoteTask) -> None:
        parting = asyncio.get_running_loop().create_task(_parted(task))
        self._parting.add(parting)
        parting.add_done_callback(self._parting.discard)

    # What a task needs

    async def ask(self, method: str, params: dict[str, Any]) -> Raw:
        """Ask something of a task."""
        return await self._conversation.request(method, params)

    async def answers(self, questions: dict[str, Question]) -> dict[str, Any]:
        """What the client's handlers answer to what a task asks."""
        revision = self._conversation.agreement.revision
        return dict(await self._answers.answer_all(questions, revision))

    def tell(self, listener: StatusListener, state: GetTaskResult) -> None:
        """Call a function with the state of a task."""
        self._notices.run(listener, state)

    def _hear(self, notification: Notification | None) -> None:
        if notification is None:
            self.doubt()
        elif notification.method in NOTIFICATIONS:
            raw = notification.params
            try:
                state = read_result(GetTaskResult, raw, notification.method)
            except ClientError:
                return
            task = self._known.get(state.task_id)
            if task is not None:
                task.take(raw, state, told=True)
            elif state.task_id not in self._begun:
                self._early[state.task_id] = raw
                if len(self._early) > MOST_EARLY:
                    del self._early[next(iter(self._early))]

    def doubt(self) -> None:
        """The server is another one now, or none."""
        for task in list(self._known.values()):
            task.doubt()

    # By id

    async def state(self, id: str) -> GetTaskResult:
        """The state of a task, asked for."""
        raw = await self.ask("tasks/get", {"taskId": id})
        state = read_result(GetTaskResult, raw, "tasks/get")
        if (task := self._known.get(id)) is not None:
            task.take(raw, state)
        return state

    async def outcome(self, id: str) -> dict[str, Any]:
        """The whole result of a task, once it is there."""
        return json.decode(await (await self._resumed(id)).outcome())

    async def followed(self, id: str, listener: StatusListener) -> Raw:
        """The result of a task, once it is there; `listener` hears of each state until then."""
        task = await self._resumed(id)
        task.listen(listener)
        self.tell(listener, task.state)
        looking: asyncio.Task[Any] | None = None
        if not task.modern:  # its result is waited for in one request, which tells nothing else
            looking = asyncio.get_running_loop().create_task(task.until(_has_ended))
        try:
            return await task.outcome()
        finally:
            task.ignore(listener)
            if looking is not None:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)

    async def _resumed(self, id: str) -> RemoteTask:
        """A task by its id, which may have been begun elsewhere."""
        task = self._known.get(id)
        if task is None:
            raw = await self.ask("tasks/get", {"taskId": id})
            state = read_result(GetTaskResult, raw, "tasks/get")
            modern = self._conversation.agreement.revision.modern
            task = self._known[id] = RemoteTask(self, state, modern=modern)
            task.take(raw, state)
        return task

    async def cancel(self, id: str) -> CancelTaskResult:
        """Cancel a task; what it is now."""
        raw = await self.ask("tasks/cancel", {"taskId": id})
        result = read_result(CancelTaskResult, raw, "tasks/cancel")
        if (task := self._known.get(id)) is not None:
            task.doubt()
        if result.status is None:  # only acknowledged
            state = await self.state(id)
            result.task_id, result.status = id, state.status
            result.status_message = state.status_message
            result.created_at, result.last_updated_at = state.created_at, state.last_updated_at
        return result

    async def listed(self, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of the tasks that the server lists; else those that were begun here, the latest
        first.
        """
        page = await self._page(cursor, limit)
        if page is not None and (page["tasks"] or page["nextCursor"] or cursor is not None):
            return page
        found: list[Any] = []
        for id in reversed(self._begun):
            if len(found) == limit:
                break
            try:
                found.append(json.decode(await self.ask("tasks/get", {"taskId": id})))
            except (McpError, ClientError):
                continue  # it is known no longer
        return {"tasks": found, "nextCursor": None}

    async def _page(self, cursor: str | None, limit: int) -> dict[str, Any] | None:
        if self._conversation.agreement.revision.modern:
            return None
        try:
            raw = await self.ask("tasks/list", {**at(cursor), "limit": limit})
        except McpError as error:
            if error.code != METHOD_NOT_FOUND:
                raise
            return None
        page = read_result(_Page, raw, "tasks/list")
        return {"tasks": page.tasks, "nextCursor": page.next_cursor}


def _has_ended(state: GetTaskResult) -> bool:
    return state.status in ENDED


async def _parted(task: RemoteTask) -> None:
    try:
        async with asyncio.timeout(PARTING):
            await task.cancel()
    except (McpError, ClientError, RuntimeError, TimeoutError):
        return  # it is the server's affair from now on
