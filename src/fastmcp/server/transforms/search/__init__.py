"""Transforms that list a search in the place of many tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .bm25 import BM25SearchTransform as BM25SearchTransform
    from .regex import RegexSearchTransform as RegexSearchTransform
    from .search_transform import BaseSearchTransform as BaseSearchTransform
    from .search_transform import SearchResultSerializer as SearchResultSerializer
    from .serializers import serialize_tools_for_output_json as serialize_tools_for_output_json
    from .serializers import (
        serialize_tools_for_output_markdown as serialize_tools_for_output_markdown,
    )

__all__ = [
    "BM25SearchTransform",
    "BaseSearchTransform",
    "RegexSearchTransform",
    "SearchResultSerializer",
    "serialize_tools_for_output_json",
    "serialize_tools_for_output_markdown",
]

lazy_names(
    __name__,
    {
        "BM25SearchTransform": ".bm25",
        "BaseSearchTransform": ".search_transform",
        "RegexSearchTransform": ".regex",
        "SearchResultSerializer": ".search_transform",
        "serialize_tools_for_output_json": ".serializers",
        "serialize_tools_for_output_markdown": ".serializers",
    },
)
