"""Python types from JSON Schemas, under the path that FastMCP's users import them from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from fastmcp._hydration.python_type import JSONSchema as JSONSchema
    from fastmcp._hydration.python_type import json_schema_to_type as json_schema_to_type
    from fastmcp._hydration.python_type import (
        json_schema_to_type_adapter as json_schema_to_type_adapter,
    )

__all__ = ["JSONSchema", "json_schema_to_type", "json_schema_to_type_adapter"]

_HOME = "fastmcp._hydration.python_type"

lazy_names(__name__, dict.fromkeys(__all__, _HOME))
