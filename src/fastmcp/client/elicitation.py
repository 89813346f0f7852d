"""Elicitation: the user's answers to what a server asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec import Struct

from fastmcp._runtime.calling import call
from fastmcp.exceptions import InvalidParams
from fastmcp.wire.inputs import ElicitAction, ElicitRequestFormParams, ElicitRequestParams
from fastmcp.wire.inputs import ElicitResult as WireElicitResult
from fastmcp.wire.lifecycle import ClientCapabilities, ElicitationCapability
from fastmcp.wire.model import Model

from .handler_context import RequestContext

__all__ = ["ElicitRequestParams", "ElicitResult", "ElicitationHandler", "RequestContext"]

T = TypeVar("T")


class ElicitResult(Struct, Generic[T], kw_only=True):
    """An answer with its `action`; `content` belongs to `accept`."""

    action: ElicitAction
    content: T | None = None
    meta: dict[str, Any] | None = None


ElicitationHandler: TypeAlias = Callable[
    [str, type[Any] | None, ElicitRequestParams, RequestContext], Awaitable[Any] | Any
]
"""Called with the message, a dataclass of the form's members (None for a URL, or for a form
without any), all parameters, and the request. What it returns is accepted as the answer; an
`ElicitResult` can decline or cancel. A plain function runs in a worker thread."""


class ElicitationAnswers:
    """Answers `elicitation/create` by a handler."""

    params: type[Model] = ElicitRequestParams

    def __init__(self, handler: ElicitationHandler) -> None:
        self._handler = handler

    def declare(self, capabilities: ClientCapabilities) -> None:
        """Say what the client can: both modes."""
        capabilities.elicitation = ElicitationCapability(form={}, url={})

    def check(self, params: ElicitRequestParams) -> None:
        """Refuse a mode that was not declared.

        Raises:
            InvalidParams: it is neither a form nor a URL.
        """
        if params.mode not in (None, "form", "url"):
            raise InvalidParams(f"Elicitation in the mode {params.mode!r} is not supported")

    async def answer(self, params: ElicitRequestParams, context: RequestContext) -> Model:
        """The user's answer.

        Raises:
            ValueError: it does not fit the form.
        """
        from .forms import completed
        from .response_types import content_of, response_type

        form = params.requested_schema if isinstance(params, ElicitRequestFormParams) else None
        kind = None if form is None else response_type(form)
        given = await call(self._handler, params.message, kind, params, context)
        action: ElicitAction = "accept"
        meta: dict[str, Any] | None = None
        if _is_result(given):
            action, given, meta = given.action, given.content, given.meta
        if action != "accept" or form is None:
            return WireElicitResult(action=action, meta=meta)
        content = completed(form, content_of(given, form))
        return WireElicitResult(action=action, content=content, meta=meta)


def _is_result(given: Any) -> bool:
    """Whether this is an `ElicitResult`, of ours or of another library's."""
    return any(kind.__name__ == "ElicitResult" for kind in type(given).__mro__)
