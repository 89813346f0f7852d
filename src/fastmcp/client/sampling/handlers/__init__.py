"""Ready sampling handlers, each for the library of one provider of models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .anthropic import AnthropicSamplingHandler as AnthropicSamplingHandler
    from .google_genai import GoogleGenaiSamplingHandler as GoogleGenaiSamplingHandler
    from .openai import OpenAISamplingHandler as OpenAISamplingHandler

__all__ = ["AnthropicSamplingHandler", "GoogleGenaiSamplingHandler", "OpenAISamplingHandler"]

lazy_names(
    __name__,
    {
        "AnthropicSamplingHandler": ".anthropic",
        "GoogleGenaiSamplingHandler": ".google_genai",
        "OpenAISamplingHandler": ".openai",
    },
)
