"""Interlocutor: a client's side of a conversation with a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec import Raw

from fastmcp.settings import MCP_LOG_LEVELS
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.lifecycle import (
    DiscoverResult,
    Implementation,
    InitializeResult,
    LoggingLevel,
    ServerCapabilities,
)
from fastmcp.wire.notifications import ProgressNotificationParams
from fastmcp.wire.shapes import ProgressToken
from fastmcp.wire.tasks import CancelTaskResult, GetTaskResult, TaskMetadata

from .answers import Answers
from .arguments import Duration, in_seconds
from .conversation import Conversation
from .elicitation import ElicitationAnswers, ElicitationHandler
from .options import Options
from .progress import ProgressHandler
from .results import read_result
from .roots import RootsAnswers, RootsHandler, RootsList
from .sampling.answering import SamplingAnswers, SamplingHandler
from .tasks.client_tasks import ClientTasks
from .tasks.remote_task import StatusListener

R = TypeVar("R")


class Interlocutor:
    """What a client has agreed on with a server, what it answers and tells it, and how it asks."""

    _options: Options
    _answers: Answers
    _connection: Conversation
    _tasks: ClientTasks

    # What was agreed on

    @property
    def protocol_version(self) -> str:
        """The revision spoken."""
        return self._connection.agreement.revision.text

    @property
    def initialize_result(self) -> InitializeResult:
        """What the server said of itself; for a modern server, put together from `discover`."""
        return self._connection.agreement.as_initialize_result()

    @property
    def server_capabilities(self) -> ServerCapabilities:
        """What the server offers."""
        return self.initialize_result.capabilities

    @property
    def server_info(self) -> Implementation:
        """The server's name and version, self-declared."""
        return self.initialize_result.server_info

    @property
    def instructions(self) -> str | None:
        """The server's hint to whoever uses it."""
        return self.initialize_result.instructions

    def get_server_info(self) -> dict[str, Any]:
        """The server's own description, with the members that it added."""
        return self._connection.agreement.server_info

    @property
    def prior_discover(self) -> DiscoverResult | None:
        """What was known of a modern server before it was asked anything."""
        return self._options.prior_discover

    # What the server is answered. A handshake server is told once, when the connection is opened,
    # what it may ask; a modern one with each request.

    def set_roots(self, roots: RootsList | RootsHandler) -> None:
        """Offer roots: a list of `file://` URIs or paths, or a function that is asked for it."""
        self._answers.set("roots/list", RootsAnswers(roots))

    def set_sampling_callback(
        self, sampling_callback: SamplingHandler, sampling_capabilities: Any = None
    ) -> None:
        """Offer messages of a model."""
        answers = SamplingAnswers(sampling_callback, sampling_capabilities)
        self._answers.set("sampling/createMessage", answers)

    def set_elicitation_callback(self, elicitation_callback: ElicitationHandler) -> None:
        """Offer to ask the user."""
        self._answers.set("elicitation/create", ElicitationAnswers(elicitation_callback))

    async def send_roots_list_changed(self) -> None:
        """Say that the roots have changed. Modern servers ask for them anew, so are not told."""
        await self._connection.tell("notifications/roots/list_changed", {})

    async def progress(
        self,
        progress_token: ProgressToken,
        progress: float,
        total: float | None = None,
        message: str | None = None,
    ) -> None:
        """Say how far the server's request of that token is. Modern servers send no requests."""
        params = ProgressNotificationParams(
            progress_token=progress_token, progress=progress, total=total, message=message
        )
        await self._connection.tell("notifications/progress", params)

    async def cancel(self, request_id: RequestId, reason: str | None = None) -> None:
        """Give up a request that is in flight; who waits for it gets a ClientError. The id is the
        `progress_token` of what the request reports. Cancelling the task that waits does the same.
        """
        self._connection.cancel(request_id, reason)

    # Requests

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: Duration | None = None,
        progress_handler: ProgressHandler | None = None,
        meta: Mapping[str, Any] | None = None,
        as_task: TaskMetadata | None = None,
    ) -> Raw:
        """Any request, answered with the raw JSON of its result; `as_task` wishes for one that a
        task has been made.

        What the server asks for meanwhile is answered; `timeout` is for each request that is sent,
        not for those answers.

        Raises:
            McpError: the server answered with an error.
            ClientError: it did not answer, in time or at all.
        """
        return await self._connection.request(
            method,
            params,
            timeout=in_seconds(timeout),
            progress_handler=progress_handler,
            meta=meta,
            as_task=as_task,
        )

    async def _ask(self, result: type[R], method: str, params: Any = None, **options: Any) -> R:
        return read_result(result, await self.request(method, params, **options), method)

    async def ping(self) -> bool:
        """Whether the server answers. Modern servers have no ping; they are asked to discover."""
        await self._connection.ping()
        return True

    async def set_logging_level(self, level: LoggingLevel) -> None:
        """Hear log messages of this level and above.

        Raises:
            ValueError: there is no such level.
        """
        if level not in MCP_LOG_LEVELS:
            raise ValueError(f"{level!r} is no level: use one of {', '.join(MCP_LOG_LEVELS)}")
        await self._connection.set_level(level)

    async def subscribe_resource(self, uri: Any) -> None:
        """Have the `message_handler` hear when a resource changes, in either era.

        Raises:
            McpError: there is no such resource, or the server tells of no changes.
            ClientError: a modern server does not tell of this one.
        """
        await self._connection.watch(str(uri))

    async def unsubscribe_resource(self, uri: Any) -> None:
        """Hear of a resource no more."""
        await self._connection.unwatch(str(uri))

    # Tasks

    async def get_task_status(self, task_id: str) -> GetTaskResult:
        """The state of a task."""
        return await self._tasks.state(task_id)

    async def get_task_result(self, task_id: str) -> dict[str, Any]:
        """The result of a task, as the protocol has it, once it is there."""
        return await self._tasks.outcome(task_id)

    async def follow_task(self, task_id: str, listener: StatusListener) -> Raw:
        """As `get_task_result`, in JSON; `listener` hears of its state now, and of each change."""
        return await self._tasks.followed(task_id, listener)

    async def list_tasks(self, cursor: str | None = None, limit: int = 50) -> dict[str, Any]:
        """A page of tasks (`{"tasks": […], "nextCursor": …}`), by what the protocol calls their
        members; of a server that lists none, those that this client has begun.
        """
        return await self._tasks.listed(cursor, limit)

    async def cancel_task(self, task_id: str) -> CancelTaskResult:
        """Cancel a task; what is to be said of it now."""
        return await self._tasks.cancel(task_id)
