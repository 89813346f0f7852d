"""What the handlers of all providers of models share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib import import_module
from typing import Any, ClassVar

from fastmcp.wire.content import EmbeddedResource, ResourceLink, TextContent, TextResourceContents
from fastmcp.wire.inputs import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ModelPreferences,
    SamplingMessage,
)
from fastmcp.wire.lifecycle import SamplingCapability

IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


class Provider(ABC):
    """A sampling handler that asks a provider's model, with tools where the server has some.

    A model is chosen by the first of the server's hints that this provider can have: the beginning
    of one of its families' names, or a part of the default model's name.
    """

    extra: ClassVar[str]
    families: ClassVar[tuple[str, ...]]
    sampling_capabilities: SamplingCapability = SamplingCapability(tools={})

    def __init__(self, default_model: str, client: Any = None) -> None:
        self.default_model = default_model
        self.client: Any = self.make_client() if client is None else client

    async def __call__(
        self,
        messages: Sequence[SamplingMessage],
        params: CreateMessageRequestParams,
        context: Any = None,
    ) -> CreateMessageResult:
        """The model's message; `_meta.usage` counts its tokens.

        Raises:
            ValueError: the provider's API cannot carry what the conversation has.
        """
        request = {"model": self.choose(params.model_preferences), **self.request(messages, params)}
        return self.result(await self.send(request))

    def choose(self, preferences: ModelPreferences | None) -> str:
        """The model to ask."""
        for hint in (preferences and preferences.hints) or ():
            if hint.name and hint.name.startswith(self.families):
                return hint.name
            if hint.name and hint.name in self.default_model:
                break
        return self.default_model

    def library(self) -> Any:
        """The provider's library.

        Raises:
            ImportError: it is not installed; the text says how to install it.
        """
        try:
            return import_module(self.extra)
        except ModuleNotFoundError as error:
            raise ImportError(
                f"{type(self).__name__} needs the package {self.extra!r}: "
                f'pip install "peregrine-mcp[{self.extra}]"'
            ) from error

    @abstractmethod
    def make_client(self) -> Any:
        """The library's client, set up by its own environment variables."""

    @abstractmethod
    def request(
        self, messages: Sequence[SamplingMessage], params: CreateMessageRequestParams
    ) -> dict[str, Any]:
        """What the library is asked, without the model."""

    @abstractmethod
    async def send(self, request: dict[str, Any]) -> Any:
        """The library's answer."""

    @abstractmethod
    def result(self, answer: Any) -> CreateMessageResult:
        """The library's answer as the protocol has it."""


def usage(input_tokens: int, output_tokens: int) -> dict[str, Any]:
    """The `_meta` of a result that tells what it took."""
    total = input_tokens + output_tokens
    counts = {"input_tokens": input_tokens, "output_tokens": output_tokens, "total_tokens": total}
    return {"usage": counts}


def text_of(block: Any) -> str | None:
    """What a block of a tool's result says in text; None where it has none."""
    if isinstance(block, TextContent):
        return block.text
    if isinstance(block, ResourceLink):
        return block.uri
    if isinstance(block, EmbeddedResource) and isinstance(block.resource, TextResourceContents):
        return block.resource.text
    return None


def unsupported(block: Any, provider: str, where: str = "") -> ValueError:
    """The error for a block that the provider's API has no place for."""
    kind = getattr(block, "mime_type", None) or getattr(block, "type", type(block).__name__)
    return ValueError(f"{provider} takes no {kind!r} {where or 'in a conversation'}")
