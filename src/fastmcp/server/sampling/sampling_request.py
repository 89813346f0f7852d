"""What a model is asked for, beside the messages: from the options of `ctx.sample` to the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, cast

from fastmcp._spelling import unexpected_keyword
from fastmcp.wire.inputs import (
    CreateMessageRequestParams,
    IncludeContext,
    ModelHint,
    ModelPreferences,
    ToolChoice,
)

DEFAULT_MAX_TOKENS = 512


class SamplingOptions(TypedDict, total=False):
    """What `ctx.sample` and `ctx.sample_step` take in common.

    `model_preferences`, or `model`, names models by hints, first choice first. `max_tokens`
    defaults to 512. `tools` are functions, tools of a server or `SamplingTool`s, of which
    `tool_concurrency` run at a time: None one, 0 all. With `mask_error_details` the model is not
    told what went wrong in them.
    """

    system_prompt: str | None
    temperature: float | None
    max_tokens: int | None
    model_preferences: Any
    model: str | list[str] | None
    include_context: IncludeContext | None
    stop_sequences: list[str] | None
    metadata: dict[str, Any] | None
    tools: Sequence[Any] | None
    mask_error_details: bool | None
    tool_concurrency: int | None


_CHOICES = ("auto", "required", "none")


def require_known(options: Mapping[str, Any]) -> None:
    """TypeError for an option that `ctx.sample` does not take."""
    known = SamplingOptions.__annotations__
    for name in options:
        if name not in known:
            raise unexpected_keyword("ctx.sample()", name, known)


def request_of(options: Mapping[str, Any]) -> CreateMessageRequestParams:
    """The parameters of a request that has no messages yet.

    Raises:
        ValueError: preferences of a model that are none.
        TypeError: preferences are given twice.
    """
    max_tokens: int | None = options.get("max_tokens")
    return CreateMessageRequestParams(
        messages=[],
        max_tokens=DEFAULT_MAX_TOKENS if max_tokens is None else max_tokens,
        model_preferences=_preferences(options),
        system_prompt=options.get("system_prompt"),
        include_context=options.get("include_context"),
        temperature=options.get("temperature"),
        stop_sequences=options.get("stop_sequences"),
        metadata=options.get("metadata"),
    )


def tool_choice_of(given: Any) -> ToolChoice | None:
    """The choice that a name, or a choice of any library, means.

    Raises:
        ValueError: there is no such choice.
    """
    if given is None:
        return None
    mode: Any = given if isinstance(given, str) else getattr(given, "mode", given)
    if mode not in _CHOICES:
        raise ValueError(f"tool_choice={given!r}: use one of {', '.join(_CHOICES)}")
    return ToolChoice(mode=mode)


def _preferences(options: Mapping[str, Any]) -> ModelPreferences | None:
    given, model = options.get("model_preferences"), options.get("model")
    if given is not None and model is not None:
        raise TypeError("Name models either by model= or by model_preferences=")
    given = model if given is None else given
    if given is None:
        return None
    if isinstance(given, str):
        return ModelPreferences(hints=[ModelHint(name=given)])
    if isinstance(given, (list, tuple)):
        return ModelPreferences(hints=[_hint(each) for each in cast("list[Any]", given)])
    try:
        return ModelPreferences.model_validate(given)
    except ValueError as error:
        raise ValueError(
            "model_preferences is the name of a model, a list of names, or a ModelPreferences "
            f"({error})"
        ) from None


def _hint(given: Any) -> ModelHint:
    name: Any = given if isinstance(given, str) else getattr(given, "name", None)
    if not isinstance(name, str):
        raise ValueError(f"A list of models has their names, not {given!r}")
    return ModelHint(name=name)
