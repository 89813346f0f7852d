"""Completions: values for the arguments of prompts and of resource templates, as they are typed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

from fastmcp._components.choices import choices_of
from fastmcp._runtime.calling import call
from fastmcp.wire.completion import (
    CompleteRequestParams,
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)
from fastmcp.wire.resource_names import canonical_uri

MAX_VALUES = 100

Reference: TypeAlias = PromptReference | ResourceTemplateReference
Values: TypeAlias = Completion | Sequence[str] | None
Handler: TypeAlias = Callable[[Reference, CompletionArgument, CompletionContext | None], Any]
Target: TypeAlias = tuple[str, str, str]


class Completers:
    """Completers of single arguments, and one handler for all the others.

    A completer takes the text so far, and the arguments already settled when it has a second
    parameter. Either may be a coroutine function; plain ones run in a worker thread.
    """

    def __init__(self) -> None:
        self.handler: Handler | None = None
        self._of_argument: dict[Target, tuple[Callable[..., Any], int]] = {}

    def __bool__(self) -> bool:
        return self.handler is not None or bool(self._of_argument)

    def add(self, kind: str, address: str, argument: str, completer: Callable[..., Any]) -> None:
        """Complete one argument of one prompt or template; a later completer replaces it."""
        takes = min(2, len(inspect.signature(completer).parameters))
        self._of_argument[kind, address, argument] = completer, takes

    def register(
        self,
        handler: Callable[..., Any] | None,
        prompt: str | None,
        template: str | None,
        argument: str | None,
    ) -> Any:
        """Register a function, or be the decorator that does; `FastMCP.completion` says more."""
        if (prompt is None) == (template is None) and (prompt or template or argument):
            raise TypeError("completion() takes either prompt= or template=, with argument=")
        if (argument is None) != (prompt is None and template is None):
            raise TypeError(
                "completion() of one argument needs argument=, and prompt= or template="
            )

        def decorate(function: Any) -> Any:
            if argument is None:
                self.handler = function
            elif prompt is not None:
                self.add("prompt", prompt, argument, function)
            else:
                self.add("template", canonical_uri(template or ""), argument, function)
            return function

        return decorate if handler is None else decorate(handler)

    async def complete(self, params: CompleteRequestParams, schema: dict[str, Any]) -> Completion:
        """The values for an argument; `schema` is that of the function which takes it."""
        ref, argument, context = params.ref, params.argument, params.context
        if isinstance(ref, PromptReference):
            target = ("prompt", ref.name, argument.name)
        else:
            target = ("template", ref.uri, argument.name)
        found = self._of_argument.get(target)
        if found is not None:
            completer, takes = found
            settled = (context.arguments if context else None) or {}
            return _completion(await call(completer, *(argument.value, settled)[:takes]))
        if self.handler is not None:
            return _completion(await call(self.handler, ref, argument, context))
        typed = argument.value.casefold()
        choices = choices_of(schema, argument.name)
        return _completion([value for value in choices if value.casefold().startswith(typed)])


def _completion(values: Any) -> Completion:
    """At most 100 values, and how many there are."""
    total, more = None, None
    if hasattr(values, "values") and not isinstance(values, dict):
        values, total, more = values.values, values.total, getattr(values, "has_more", None)
    elif isinstance(values, (str, bytes)):
        raise TypeError("A completer returns a list of texts, not a single one")
    else:
        values = [str(value) for value in cast("Sequence[Any]", values or ())]
        total = len(values)
    texts: list[str] = list(values)
    more = more or len(texts) > MAX_VALUES
    return Completion(values=texts[:MAX_VALUES], total=total, has_more=more)
