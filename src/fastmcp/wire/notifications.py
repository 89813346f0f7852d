"""Params of notifications, and the subscriptions that 2026-07-28 delivers them on."""

from __future__ import annotations

from typing import Annotated, Any

from fastmcp.wire.lifecycle import LoggingLevel
from fastmcp.wire.model import Model
from fastmcp.wire.revisions import R2025_03_26, since
from fastmcp.wire.shapes import NotificationParams, ProgressToken, RequestParams, Result

__all__ = [
    "CancelledNotificationParams",
    "ElicitationCompleteNotificationParams",
    "InitializedNotificationParams",
    "LoggingMessageNotificationParams",
    "ProgressNotificationParams",
    "PromptListChangedNotificationParams",
    "ResourceListChangedNotificationParams",
    "ResourceUpdatedNotificationParams",
    "RootsListChangedNotificationParams",
    "SubscriptionFilter",
    "SubscriptionsAcknowledgedNotificationParams",
    "SubscriptionsListenRequestParams",
    "SubscriptionsListenResult",
    "ToolListChangedNotificationParams",
]


class InitializedNotificationParams(NotificationParams):
    """Params of `notifications/initialized`."""


class CancelledNotificationParams(NotificationParams):
    """The request to give up; without an id, in 2025-11-25, it says nothing."""

    request_id: str | int | None = None
    reason: str | None = None


class ProgressNotificationParams(NotificationParams):
    """How far a request is; `progress` only ever grows."""

    progress_token: ProgressToken
    progress: float
    total: float | None = None
    message: Annotated[str | None, since(R2025_03_26)] = None


class LoggingMessageNotificationParams(NotificationParams):
    """A log message; `data` is any JSON."""

    level: LoggingLevel
    data: Any
    logger: str | None = None


class RootsListChangedNotificationParams(NotificationParams):
    """Params of `notifications/roots/list_changed`."""


class ToolListChangedNotificationParams(NotificationParams):
    """Params of `notifications/tools/list_changed`."""


class PromptListChangedNotificationParams(NotificationParams):
    """Params of `notifications/prompts/list_changed`."""


class ResourceListChangedNotificationParams(NotificationParams):
    """Params of `notifications/resources/list_changed`."""


class ResourceUpdatedNotificationParams(NotificationParams):
    """The resource that changed, which may lie below the one subscribed to."""

    uri: str


class ElicitationCompleteNotificationParams(NotificationParams):
    """The visit to a URL is over, in 2025-11-25."""

    elicitation_id: str


class SubscriptionFilter(Model):
    """Which notifications are wanted, or honoured; `task_ids` belongs to the tasks extension."""

    tools_list_changed: bool | None = None
    prompts_list_changed: bool | None = None
    resources_list_changed: bool | None = None
    resource_subscriptions: list[str] | None = None
    task_ids: list[str] | None = None


class SubscriptionsListenRequestParams(RequestParams):
    """Opens a stream of notifications. Known from 2026-07-28 on."""

    notifications: SubscriptionFilter


class SubscriptionsListenResult(Result):
    """Ends the stream, on the server's own wish; `_meta` names the subscription."""


class SubscriptionsAcknowledgedNotificationParams(NotificationParams):
    """The part of the filter that the server honours: the first message of the stream."""

    notifications: SubscriptionFilter
