"""Prompts: message templates that a user can pick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastmcp.wire.features import PromptArgument as PromptArgument
    from fastmcp.wire.features import PromptMessage as PromptMessage

    from .base import Message as Message
    from .base import Prompt as Prompt
    from .base import PromptResult as PromptResult
    from .function_prompt import FunctionPrompt as FunctionPrompt

_HOME = {
    "FunctionPrompt": ".function_prompt",
    "Message": ".base",
    "Prompt": ".base",
    "PromptArgument": "fastmcp.wire.features",
    "PromptMessage": "fastmcp.wire.features",
    "PromptResult": ".base",
}

__all__ = ["FunctionPrompt", "Message", "Prompt", "PromptArgument", "PromptMessage", "PromptResult"]


def __getattr__(name: str) -> Any:
    if (home := _HOME.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home, __name__), name)
    globals()[name] = value
    return value
