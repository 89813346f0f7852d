"""The MCP vocabulary as msgspec structs; each name loads its module on first use."""

# ruff: noqa: F403  the star imports are for type checkers only

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastmcp.wire.completion import *
    from fastmcp.wire.content import *
    from fastmcp.wire.features import *
    from fastmcp.wire.inputs import *
    from fastmcp.wire.lifecycle import *
    from fastmcp.wire.methods import *
    from fastmcp.wire.model import *
    from fastmcp.wire.notifications import *
    from fastmcp.wire.open import *
    from fastmcp.wire.resource_names import *
    from fastmcp.wire.revisions import *
    from fastmcp.wire.shapes import *
    from fastmcp.wire.skills import *
    from fastmcp.wire.tasks import *

_NAMES = {
    "completion": """
        CompleteRequestParams CompleteResult Completion CompletionArgument CompletionContext
        PromptReference ResourceTemplateReference
    """,
    "content": """
        Annotations AudioContent BlobResourceContents ContentBlock EmbeddedResource Icon
        ImageContent Resource ResourceContents ResourceLink Role SamplingMessageContentBlock
        TextContent TextResourceContents ToolResultContent ToolUseContent UnknownContent
    """,
    "features": """
        CallToolRequestParams CallToolResult GetPromptRequestParams GetPromptResult
        ListPromptsRequestParams ListPromptsResult ListResourceTemplatesRequestParams
        ListResourceTemplatesResult ListResourcesRequestParams ListResourcesResult
        ListToolsRequestParams ListToolsResult Prompt PromptArgument PromptMessage
        ReadResourceRequestParams ReadResourceResult ResourceTemplate SubscribeRequestParams
        TaskSupport Tool ToolAnnotations ToolExecution UnsubscribeRequestParams
    """,
    "inputs": """
        CreateMessageRequest CreateMessageRequestParams CreateMessageResult ElicitAction
        ElicitRequest ElicitRequestFormParams ElicitRequestParams ElicitRequestURLParams
        ElicitResult IncludeContext InputRequest InputRequests InputRequiredResult
        ListRootsRequest ListRootsRequestParams ListRootsResult ModelHint ModelPreferences Root
        SamplingMessage ToolChoice
    """,
    "lifecycle": """
        ClientCapabilities ClientTasksCapability DiscoverRequestParams DiscoverResult
        ElicitationCapability Implementation InitializeRequestParams InitializeResult
        LOGGING_LEVELS LoggingLevel PingRequestParams PromptsCapability ResourcesCapability
        RootsCapability SamplingCapability ServerCapabilities ServerTasksCapability
        SetLevelRequestParams ToolsCapability
    """,
    "methods": "METHODS Method",
    "model": "Model absent_as_none",
    "notifications": """
        CancelledNotificationParams ElicitationCompleteNotificationParams
        InitializedNotificationParams LoggingMessageNotificationParams
        ProgressNotificationParams PromptListChangedNotificationParams
        ResourceListChangedNotificationParams ResourceUpdatedNotificationParams
        RootsListChangedNotificationParams SubscriptionFilter
        SubscriptionsAcknowledgedNotificationParams SubscriptionsListenRequestParams
        SubscriptionsListenResult ToolListChangedNotificationParams
    """,
    "open": "OpenModel",
    "resource_names": "canonical_uri",
    "revisions": """
        ASSUMED_REVISION HANDSHAKE_REVISIONS LATEST_HANDSHAKE LATEST_MODERN MODERN_REVISIONS
        R2024_11_05 R2025_03_26 R2025_06_18 R2025_11_25 R2026_07_28 REVISIONS Revision between
        sieve since until
    """,
    "shapes": """
        CacheScope CacheableResult EmptyResult InputResponseRequestParams META_BAGGAGE
        META_CLIENT_CAPABILITIES META_CLIENT_INFO META_LOG_LEVEL META_MODEL_IMMEDIATE_RESPONSE
        META_PROGRESS_TOKEN META_PROTOCOL_VERSION META_RELATED_TASK META_SERVER_INFO META_SESSION
        META_SUBSCRIPTION_ID META_TRACEPARENT META_TRACESTATE NotificationParams
        PaginatedRequestParams PaginatedResult ProgressToken RequestParams Result
    """,
    "skills": """
        GetSkillRequestParams GetSkillResult ListSkillsRequestParams ListSkillsResult MAIN_FILE
        MAX_SKILL_BYTES MAX_SKILL_FILES ReadDirectoryRequestParams ReadDirectoryResult
        SKILLS_EXTENSION Skill SkillFrontmatter SkillResource
    """,
    "tasks": """
        CancelTaskRequestParams CancelTaskResult CreateTaskResult GetTaskPayloadRequestParams
        GetTaskPayloadResult GetTaskRequestParams GetTaskResult ListTasksRequestParams
        ListTasksResult TASKS_EXTENSION Task TaskMetadata TaskNotificationParams TaskStatus
        TaskStatusNotificationParams UpdateTaskRequestParams
    """,
}
_HOME = {name: home for home, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
