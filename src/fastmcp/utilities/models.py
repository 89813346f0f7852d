"""What code written for FastMCP takes from it of pydantic."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, TypeAdapter


class FastMCPBaseModel(BaseModel):
    """A pydantic model that refuses members it does not know."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@functools.lru_cache(maxsize=5000)
def get_cached_typeadapter(cls: Any) -> TypeAdapter[Any]:
    """The `TypeAdapter` of a type or function, made once."""
    return TypeAdapter(cls)
