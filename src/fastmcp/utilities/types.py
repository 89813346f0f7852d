"""Media, and helpers for annotations, under the path that FastMCP's users import them from."""

from __future__ import annotations

from types import EllipsisType
from typing import TYPE_CHECKING, Final, TypeAlias

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from fastmcp._components.media import Audio as Audio
    from fastmcp._components.media import File as File
    from fastmcp._components.media import Image as Image

    from .annotations import create_function_without_params as create_function_without_params
    from .annotations import find_kwarg_by_type as find_kwarg_by_type
    from .annotations import get_fn_name as get_fn_name
    from .annotations import is_class_member_of_type as is_class_member_of_type
    from .annotations import issubclass_safe as issubclass_safe
    from .annotations import replace_type as replace_type
    from .models import FastMCPBaseModel as FastMCPBaseModel
    from .models import get_cached_typeadapter as get_cached_typeadapter

NotSet: Final = ...
NotSetT: TypeAlias = EllipsisType

__all__ = [
    "Audio",
    "FastMCPBaseModel",
    "File",
    "Image",
    "NotSet",
    "NotSetT",
    "create_function_without_params",
    "find_kwarg_by_type",
    "get_cached_typeadapter",
    "get_fn_name",
    "is_class_member_of_type",
    "issubclass_safe",
    "replace_type",
]

lazy_names(
    __name__,
    {
        "Audio": "fastmcp._components.media",
        "FastMCPBaseModel": "fastmcp.utilities.models",
        "File": "fastmcp._components.media",
        "Image": "fastmcp._components.media",
        "create_function_without_params": "fastmcp.utilities.annotations",
        "find_kwarg_by_type": "fastmcp.utilities.annotations",
        "get_cached_typeadapter": "fastmcp.utilities.models",
        "get_fn_name": "fastmcp.utilities.annotations",
        "is_class_member_of_type": "fastmcp.utilities.annotations",
        "issubclass_safe": "fastmcp.utilities.annotations",
        "replace_type": "fastmcp.utilities.annotations",
    },
)
