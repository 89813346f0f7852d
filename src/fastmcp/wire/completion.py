"""Completion of prompt arguments and of resource template parameters."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from fastmcp.wire.content import Title
from fastmcp.wire.model import Model
from fastmcp.wire.revisions import R2025_06_18, since
from fastmcp.wire.shapes import RequestParams, Result

__all__ = [
    "CompleteRequestParams",
    "CompleteResult",
    "Completion",
    "CompletionArgument",
    "CompletionContext",
    "PromptReference",
    "ResourceTemplateReference",
]


class PromptReference(Model, tag_field="type", tag="ref/prompt"):
    """Names the prompt whose argument is completed."""

    type: ClassVar[Literal["ref/prompt"]]
    name: str
    title: Title = None


class ResourceTemplateReference(Model, tag_field="type", tag="ref/resource"):
    """Names, by its template, the resource family whose parameter is completed."""

    type: ClassVar[Literal["ref/resource"]]
    uri: str


class CompletionArgument(Model):
    """The argument being typed, as far as it has been typed."""

    name: str
    value: str


class CompletionContext(Model):
    """The arguments already settled."""

    arguments: dict[str, str] | None = None


class CompleteRequestParams(RequestParams):
    """What to complete."""

    ref: PromptReference | ResourceTemplateReference
    argument: CompletionArgument
    context: Annotated[CompletionContext | None, since(R2025_06_18)] = None


class Completion(Model):
    """At most 100 values; `total` and `has_more` tell of the rest."""

    values: list[str]
    total: int | None = None
    has_more: bool | None = None


class CompleteResult(Result):
    """The completions found."""

    completion: Completion
