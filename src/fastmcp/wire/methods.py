"""METHODS, the only list of methods: what each carries, who sends it, which revisions have it."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from fastmcp.wire.completion import CompleteRequestParams, CompleteResult
from fastmcp.wire.features import (
    CallToolRequestParams,
    CallToolResult,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsRequestParams,
    ListPromptsResult,
    ListResourcesRequestParams,
    ListResourcesResult,
    ListResourceTemplatesRequestParams,
    ListResourceTemplatesResult,
    ListToolsRequestParams,
    ListToolsResult,
    ReadResourceRequestParams,
    ReadResourceResult,
    SubscribeRequestParams,
    UnsubscribeRequestParams,
)
from fastmcp.wire.inputs import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestParams,
    ElicitResult,
    ListRootsRequestParams,
    ListRootsResult,
)
from fastmcp.wire.lifecycle import (
    DiscoverRequestParams,
    DiscoverResult,
    InitializeRequestParams,
    InitializeResult,
    PingRequestParams,
    SetLevelRequestParams,
)
from fastmcp.wire.model import Model
from fastmcp.wire.notifications import (
    CancelledNotificationParams,
    ElicitationCompleteNotificationParams,
    InitializedNotificationParams,
    LoggingMessageNotificationParams,
    ProgressNotificationParams,
    PromptListChangedNotificationParams,
    ResourceListChangedNotificationParams,
    ResourceUpdatedNotificationParams,
    RootsListChangedNotificationParams,
    SubscriptionsAcknowledgedNotificationParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    ToolListChangedNotificationParams,
)
from fastmcp.wire.revisions import (
    R2024_11_05,
    R2025_06_18,
    R2025_11_25,
    R2026_07_28,
    Revision,
)
from fastmcp.wire.shapes import EmptyResult, InputResponseRequestParams
from fastmcp.wire.skills import (
    SKILLS_EXTENSION,
    GetSkillRequestParams,
    GetSkillResult,
    ListSkillsRequestParams,
    ListSkillsResult,
    ReadDirectoryRequestParams,
    ReadDirectoryResult,
)
from fastmcp.wire.tasks import (
    TASKS_EXTENSION,
    CancelTaskRequestParams,
    CancelTaskResult,
    GetTaskPayloadRequestParams,
    GetTaskPayloadResult,
    GetTaskRequestParams,
    GetTaskResult,
    ListTasksRequestParams,
    ListTasksResult,
    TaskNotificationParams,
    TaskStatusNotificationParams,
    UpdateTaskRequestParams,
)

__all__ = ["METHODS", "Method"]

Role: TypeAlias = Literal["client", "server"]
Sender: TypeAlias = Literal["client", "server", "both"]


class Method(Struct, frozen=True, kw_only=True):
    """A request, or a notification when `result` is None.

    `sender` tells who may send it, `modern_sender` who still may from 2026-07-28 on where that is
    fewer; `embedded` that it may stand inside `inputRequests` from then on; `gate` the dotted
    path of the receiver's capability that offers it; `extension` the extension that brings it in
    modern revisions; `target` the params member that the `Mcp-Name` header repeats; `idempotent`
    that asking twice does no more than asking once.
    """

    name: str
    params: type[Model]
    result: type[Model] | None = None
    sender: Sender
    modern_sender: Sender | None = None
    since: Revision = R2024_11_05
    until: Revision | None = None
    embedded: bool = False
    gate: str | None = None
    extension: str | None = None
    cacheable: bool = False
    target: Literal["name", "uri", "taskId"] | None = None
    idempotent: bool = True

    def in_revision(self, revision: Revision) -> bool:
        """Tell whether `revision` has this as a message of its own."""
        return self.since <= revision and (self.until is None or revision <= self.until)

    @property
    def interactive(self) -> bool:
        """Whether its answer may be `input_required`, and it then be sent again with answers."""
        return issubclass(self.params, InputResponseRequestParams)

    def sent_by(self, role: Role, revision: Revision) -> bool:
        """Tell whether `role` may send this in `revision`."""
        sender = (revision.modern and self.modern_sender) or self.sender
        return self.in_revision(revision) and sender in (role, "both")


def _request(
    name: str, params: type[Model], result: type[Model], sender: Sender = "client", **rest: Any
) -> Method:
    return Method(name=name, params=params, result=result, sender=sender, **rest)


def _notification(name: str, params: type[Model], sender: Sender = "server", **rest: Any) -> Method:
    return Method(name=name, params=params, sender=sender, **rest)


_ROWS = (
    _request("initialize", InitializeRequestParams, InitializeResult, until=R2025_11_25),
    _request("ping", PingRequestParams, EmptyResult, sender="both", until=R2025_11_25),
    _request(
        "server/discover", DiscoverRequestParams, DiscoverResult, since=R2026_07_28, cacheable=True
    ),
    _request("tools/list", ListToolsRequestParams, ListToolsResult, gate="tools", cacheable=True),
    _request(
        "tools/call",
        CallToolRequestParams,
        CallToolResult,
        gate="tools",
        target="name",
        idempotent=False,
    ),
    _request(
        "resources/list",
        ListResourcesRequestParams,
        ListResourcesResult,
        gate="resources",
        cacheable=True,
    ),
    _request(
        "resources/templates/list",
        ListResourceTemplatesRequestParams,
        ListResourceTemplatesResult,
        gate="resources",
        cacheable=True,
    ),
    _request(
        "resources/read",
        ReadResourceRequestParams,
        ReadResourceResult,
        gate="resources",
        cacheable=True,
        target="uri",
    ),
    _request(
        "resources/subscribe",
        SubscribeRequestParams,
        EmptyResult,
        until=R2025_11_25,
        gate="resources.subscribe",
    ),
    _request(
        "resources/unsubscribe",
        UnsubscribeRequestParams,
        EmptyResult,
        until=R2025_11_25,
        gate="resources.subscribe",
    ),
    _request(
        "prompts/list", ListPromptsRequestParams, ListPromptsResult, gate="prompts", cacheable=True
    ),
    _request("prompts/get", GetPromptRequestParams, GetPromptResult, gate="prompts", target="name"),
    _request("completion/complete", CompleteRequestParams, CompleteResult, gate="completions"),
    _request(
        "logging/setLevel", SetLevelRequestParams, EmptyResult, until=R2025_11_25, gate="logging"
    ),
    _request(
        "subscriptions/listen",
        SubscriptionsListenRequestParams,
        SubscriptionsListenResult,
        since=R2026_07_28,
    ),
    _request(
        "sampling/createMessage",
        CreateMessageRequestParams,
        CreateMessageResult,
        sender="server",
        until=R2025_11_25,
        embedded=True,
        gate="sampling",
    ),
    _request(
        "roots/list",
        ListRootsRequestParams,
        ListRootsResult,
        sender="server",
        until=R2025_11_25,
        embedded=True,
        gate="roots",
    ),
    _request(
        "elicitation/create",
        ElicitRequestParams,
        ElicitResult,
        sender="server",
        since=R2025_06_18,
        until=R2025_11_25,
        embedded=True,
        gate="elicitation",
    ),
    _request(
        "tasks/get",
        GetTaskRequestParams,
        GetTaskResult,
        sender="both",
        modern_sender="client",
        since=R2025_11_25,
        gate="tasks",
        extension=TASKS_EXTENSION,
        target="taskId",
    ),
    _request(
        "tasks/result",
        GetTaskPayloadRequestParams,
        GetTaskPayloadResult,
        sender="both",
        since=R2025_11_25,
        until=R2025_11_25,
        gate="tasks",
    ),
    _request(
        "tasks/list",
        ListTasksRequestParams,
        ListTasksResult,
        sender="both",
        since=R2025_11_25,
        until=R2025_11_25,
        gate="tasks.list",
    ),
    _request(
        "tasks/update",
        UpdateTaskRequestParams,
        EmptyResult,
        since=R2026_07_28,
        extension=TASKS_EXTENSION,
        target="taskId",
    ),
    _request(
        "tasks/cancel",
        CancelTaskRequestParams,
        CancelTaskResult,
        sender="both",
        modern_sender="client",
        since=R2025_11_25,
        gate="tasks.cancel",
        extension=TASKS_EXTENSION,
        target="taskId",
    ),
    _request(
        "skills/list",
        ListSkillsRequestParams,
        ListSkillsResult,
        since=R2026_07_28,
        extension=SKILLS_EXTENSION,
        cacheable=True,
    ),
    _request(
        "skills/get",
        GetSkillRequestParams,
        GetSkillResult,
        since=R2026_07_28,
        extension=SKILLS_EXTENSION,
        cacheable=True,
    ),
    _request(
        "resources/directory/read",
        ReadDirectoryRequestParams,
        ReadDirectoryResult,
        since=R2026_07_28,
        extension=SKILLS_EXTENSION,
    ),
    _notification(
        "notifications/initialized",
        InitializedNotificationParams,
        sender="client",
        until=R2025_11_25,
    ),
    _notification("notifications/cancelled", CancelledNotificationParams, sender="both"),
    _notification(
        "notifications/progress", ProgressNotificationParams, sender="both", modern_sender="server"
    ),
    _notification("notifications/message", LoggingMessageNotificationParams),
    _notification(
        "notifications/roots/list_changed",
        RootsListChangedNotificationParams,
        sender="client",
        until=R2025_11_25,
    ),
    _notification("notifications/tools/list_changed", ToolListChangedNotificationParams),
    _notification("notifications/prompts/list_changed", PromptListChangedNotificationParams),
    _notification("notifications/resources/list_changed", ResourceListChangedNotificationParams),
    _notification("notifications/resources/updated", ResourceUpdatedNotificationParams),
    _notification(
        "notifications/elicitation/complete",
        ElicitationCompleteNotificationParams,
        since=R2025_11_25,
        until=R2025_11_25,
    ),
    _notification(
        "notifications/tasks/status",
        TaskStatusNotificationParams,
        sender="both",
        since=R2025_11_25,
        until=R2025_11_25,
    ),
    _notification(
        "notifications/subscriptions/acknowledged",
        SubscriptionsAcknowledgedNotificationParams,
        since=R2026_07_28,
    ),
    _notification(
        "notifications/tasks", TaskNotificationParams, since=R2026_07_28, extension=TASKS_EXTENSION
    ),
)

METHODS: Final[dict[str, Method]] = {row.name: row for row in _ROWS}
