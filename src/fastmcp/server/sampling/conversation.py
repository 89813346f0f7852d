"""Conversation: a model, the client's or the server's own, asked step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import convert, to_builtins

from fastmcp._runtime.calling import call
from fastmcp._runtime.exchange import Exchange
from fastmcp.server.inputs.asking import ask
from fastmcp.server.inputs.fingerprint import fingerprint
from fastmcp.server.state.session_names import values_of
from fastmcp.wire.inputs import CreateMessageRequestParams, CreateMessageResult, SamplingMessage

from .handler import as_answer, handler_for
from .messages import as_messages, fitted, speaks_of_tools
from .results import SampleStep, Usage
from .sampling_request import request_of, require_known, tool_choice_of
from .sampling_tool import SamplingTool
from .toolset import Toolset

if TYPE_CHECKING:
    from fastmcp.server.context import Context

TURNS = 100
"""How often a model is asked for one result."""

ROUNDS = 10
"""The same of a modern client's model: clients go along with so many rounds (PROTOCOL 3.13)."""

_METHOD = "sampling/createMessage"


class Conversation:
    """`history` grows with each step; `usage` counts them all.

    Raises:
        MissingCapability: there is no model that could answer.
    """

    def __init__(
        self,
        context: Context,
        messages: Any,
        options: Mapping[str, Any],
        final: SamplingTool | None = None,
    ) -> None:
        require_known(options)
        self.history: list[SamplingMessage] = as_messages(messages)
        self.usage: Usage = Usage()
        self._context = context
        self._toolset = Toolset(
            context,
            [*(options.get("tools") or ()), *([] if final is None else [final])],
            masked=options.get("mask_error_details"),
            concurrency=options.get("tool_concurrency"),
        )
        self._request = request_of(options)
        with_tools = bool(self._toolset)
        if with_tools:
            self._request.tools = self._toolset.entries()
        self._handler = handler_for(context, with_tools=with_tools or speaks_of_tools(self.history))

    @property
    def turns(self) -> int:
        """How many steps it may take."""
        in_rounds = self._handler is None and self._context.revision.modern
        return ROUNDS if in_rounds else TURNS

    def say(self, text: str) -> None:
        """Add a message to the model."""
        self.history.extend(as_messages(text))

    async def step(self, tool_choice: Any = None, *, execute_tools: bool = True) -> SampleStep:
        """Have the model answer, and run the tools that it calls."""
        request = self._request.model_copy(update={"messages": list(self.history)})
        if self._toolset:
            request.tool_choice = tool_choice_of(tool_choice)
        name = _name(self._context.exchange, request)
        answer = await self._answer(request, name)
        step = SampleStep(answer, self.history)
        self.usage += step.usage
        self.history.append(SamplingMessage(role="assistant", content=answer.content))
        if execute_tools and step.is_tool_use:
            results: list[Any] = [*await self._toolset.run(step.tool_calls, name)]
            self.history.append(SamplingMessage(role="user", content=results))
        return SampleStep(answer, list(self.history))

    async def _answer(self, request: CreateMessageRequestParams, name: str) -> CreateMessageResult:
        handler, context = self._handler, self._context
        if handler is None:
            request.messages = fitted(request.messages, context.revision)
            return await ask(context.exchange, _METHOD, request, CreateMessageResult)

        async def handle() -> Any:
            given = await call(handler, request.messages, request, context)
            return to_builtins(as_answer(given))

        # Recorded as a client's answer is, so that a later round does not ask the model again.
        return convert(await context.once(name, handle), CreateMessageResult)


def _name(exchange: Exchange, request: CreateMessageRequestParams) -> str:
    """What tells one question from all others of a request to a server: what is asked, and how
    often it was before. It is the same in every round.
    """
    digest = fingerprint(request).hex()[:16]
    values, key = values_of(exchange), (Conversation, digest)
    values[key] = times = values.get(key, 0) + 1
    return f"sampling-{digest}-{times}"
