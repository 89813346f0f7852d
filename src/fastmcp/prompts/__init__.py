"""Prompts: message templates that a user can pick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import alias_module, lazy_names

if TYPE_CHECKING:
    from fastmcp.wire.features import PromptArgument as PromptArgument
    from fastmcp.wire.features import PromptMessage as PromptMessage

    from .base import Message as Message
    from .base import Prompt as Prompt
    from .base import PromptResult as PromptResult
    from .function_prompt import FunctionPrompt as FunctionPrompt
    from .function_prompt import prompt as prompt


__all__ = [
    "FunctionPrompt",
    "Message",
    "Prompt",
    "PromptArgument",
    "PromptMessage",
    "PromptResult",
    "prompt",
]

lazy_names(
    __name__,
    {
        "FunctionPrompt": ".function_prompt",
        "Message": ".base",
        "Prompt": ".base",
        "PromptArgument": "fastmcp.wire.features",
        "PromptMessage": "fastmcp.wire.features",
        "PromptResult": ".base",
        "prompt": ".function_prompt",
    },
)

# The module was called so once; the attribute of that name is the decorator.
alias_module("fastmcp.prompts.prompt", ".base", ".function_prompt", "fastmcp.types")
