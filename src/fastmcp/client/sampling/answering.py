"""How a client answers `sampling/createMessage`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, cast

from fastmcp._runtime.calling import call
from fastmcp.client.handler_context import RequestContext
from fastmcp.exceptions import InvalidParams
from fastmcp.wire.content import TextContent
from fastmcp.wire.inputs import CreateMessageRequestParams, CreateMessageResult, SamplingMessage
from fastmcp.wire.lifecycle import ClientCapabilities, SamplingCapability
from fastmcp.wire.model import Model

from .tool_messages import check_tool_messages

SamplingParams: TypeAlias = CreateMessageRequestParams
SamplingHandlerResult: TypeAlias = str | CreateMessageResult
SamplingHandler: TypeAlias = Callable[
    [list[SamplingMessage], SamplingParams, RequestContext],
    Awaitable[SamplingHandlerResult] | SamplingHandlerResult,
]
"""Called with the conversation, all parameters, and the request; gives a text or a whole result,
of ours or of the official SDK's. A plain function runs in a worker thread. A handler that has an
attribute `sampling_capabilities` says itself what it can."""


class SamplingAnswers:
    """Answers `sampling/createMessage` by a handler.

    `capabilities` say what it can besides plain messages, such as `{"tools": {}}`.
    """

    params: type[Model] = CreateMessageRequestParams

    def __init__(self, handler: SamplingHandler, capabilities: Any = None) -> None:
        self._handler = handler
        if capabilities is None:
            capabilities = getattr(handler, "sampling_capabilities", None)
        self._capability = SamplingCapability.model_validate(
            {} if capabilities is None else capabilities
        )

    def declare(self, capabilities: ClientCapabilities) -> None:
        """Say what the client can."""
        capabilities.sampling = self._capability

    def check(self, params: CreateMessageRequestParams) -> None:
        """Refuse what was not declared, and conversations that no model would take.

        Raises:
            InvalidParams: tools without the capability, or calls of tools that nobody answers.
        """
        wants_tools = params.tools is not None or params.tool_choice is not None
        if wants_tools and not self._capability.supports("tools"):
            raise InvalidParams(
                "Sampling with tools is not supported: this client did not declare sampling.tools"
            )
        check_tool_messages(params.messages)

    async def answer(self, params: CreateMessageRequestParams, context: RequestContext) -> Model:
        """The model's message.

        Raises:
            TypeError: the handler gave something else.
        """
        given = await call(self._handler, params.messages, params, context)
        result = as_result(given)
        if params.tools is None:
            result.content = _one_block(result.content)
        return result


def as_result(given: Any) -> CreateMessageResult:
    """A handler's text, or result of any library's, as a result.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(given, str):
        return CreateMessageResult(
            role="assistant", content=TextContent(text=given), model="unknown"
        )
    if isinstance(given, CreateMessageResult):
        return given
    if isinstance(given, Mapping) or hasattr(given, "model_dump"):
        return CreateMessageResult.model_validate(given)
    raise TypeError(
        "A sampling handler has to return a str or a CreateMessageResult, "
        f"not {type(given).__name__}"
    )


def _one_block(content: Any) -> Any:
    """A list of content as the single block that peers without tools expect, if it can be one."""
    if not isinstance(content, list):
        return content
    blocks = cast("list[Any]", content)
    if len(blocks) == 1:
        return blocks[0]
    if blocks and all(isinstance(block, TextContent) for block in blocks):
        return TextContent(text="".join(block.text for block in blocks))
    return blocks
