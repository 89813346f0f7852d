"""Completions: values for the arguments of prompts and of resource templates, as they are typed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

from fastmcp._components.choices import choices_of
from fastmcp._runtime.threads import run_in_thread
from fastmcp.wire.completion import (
    CompleteRequestParams,
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)

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
        self._of_argument: dict[Target, Callable[..., Any]] = {}

    def __bool__(self) -> bool:
        return self.handler is not None or bool(self._of_argument)

    def add(self, kind: str, address: str, argument: str, completer: Callable[..., Any]) -> None:
        """Complete one argument of one prompt or template; a later completer replaces it."""
        self._of_argument[kind, address, argument] = completer

    async def complete(self, params: CompleteRequestParams, schema: dict[str, Any]) -> Completion:
        """The values for an argument; `schema` is that of the function which takes it."""
        ref, argument, context = params.ref, params.argument, params.context
        if isinstance(ref, PromptReference):
            target = ("prompt", ref.name, argument.name)
        else:
            target = ("template", ref.uri, argument.name)
        completer = self._of_argument.get(target)
        if completer is not None:
            settled = (context.arguments if context else None) or {}
            given = (argument.value, settled)[: 2 if _takes_two(completer) else 1]
            return _completion(await _call(completer, *given))
        if self.handler is not None:
            return _completion(await _call(self.handler, ref, argument, context))
        typed = argument.value.casefold()
        choices = choices_of(schema, argument.name)
        return _completion([value for value in choices if value.casefold().startswith(typed)])


def _takes_two(completer: Callable[..., Any]) -> bool:
    return len(inspect.signature(completer).parameters) > 1


async def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(*arguments)
    outcome = await run_in_thread(lambda: function(*arguments))
    return await outcome if inspect.isawaitable(outcome) else outcome


def _completion(values: Any) -> Completion:
    """At most 100 values, and how many there are."""
    if hasattr(values, "values") and not isinstance(values, dict):
        found: list[str] = list(values.values)
        more = getattr(values, "has_more", None) or len(found) > MAX_VALUES
        return Completion(values=found[:MAX_VALUES], total=values.total, has_more=more)
    if isinstance(values, (str, bytes)):
        raise TypeError("A completer returns a list of texts, not a single one")
    texts = [str(value) for value in cast("Sequence[Any]", values or ())]
    more = len(texts) > MAX_VALUES
    return Completion(values=texts[:MAX_VALUES], total=len(texts), has_more=more)
