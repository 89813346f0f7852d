"""Answering from what was answered before: `ResponseCachingMiddleware` and what it is set by."""

from __future__ import annotations

from .response_caching import ResponseCachingMiddleware
from .results import (
    CacheableMessage,
    CacheablePromptResult,
    CacheableResourceContent,
    CacheableResourceResult,
    CacheableToolResult,
)
from .settings import (
    CallToolSettings,
    GetPromptSettings,
    ListPromptsSettings,
    ListResourcesSettings,
    ListToolsSettings,
    ReadResourceSettings,
    SharedMethodSettings,
)
from .statistics import KVStoreCollectionStatistics, ResponseCachingStatistics

# As FastMCP 3 spells them.
CachableMessage = CacheableMessage
CachablePromptResult = CacheablePromptResult
CachableResourceContent = CacheableResourceContent
CachableResourceResult = CacheableResourceResult
CachableToolResult = CacheableToolResult

__all__ = [
    "CachableMessage",
    "CachablePromptResult",
    "CachableResourceContent",
    "CachableResourceResult",
    "CachableToolResult",
    "CacheableMessage",
    "CacheablePromptResult",
    "CacheableResourceContent",
    "CacheableResourceResult",
    "CacheableToolResult",
    "CallToolSettings",
    "GetPromptSettings",
    "KVStoreCollectionStatistics",
    "ListPromptsSettings",
    "ListResourcesSettings",
    "ListToolsSettings",
    "ReadResourceSettings",
    "ResponseCachingMiddleware",
    "ResponseCachingStatistics",
    "SharedMethodSettings",
]
