"""What FastMCP's users import from this path; it lives in the modules beside it."""

from __future__ import annotations

from .search_transform import BaseSearchTransform, SearchResultSerializer
from .serializers import serialize_tools_for_output_json, serialize_tools_for_output_markdown

__all__ = [
    "BaseSearchTransform",
    "SearchResultSerializer",
    "serialize_tools_for_output_json",
    "serialize_tools_for_output_markdown",
]
