"""Content blocks, resource contents, annotations and icons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias, cast

import msgspec
from msgspec import UNSET, field

from fastmcp.wire.model import Model, absent_as_none
from fastmcp.wire.revisions import R2025_06_18, R2025_11_25, since

__all__ = [
    "Annotations",
    "AudioContent",
    "BlobResourceContents",
    "ContentBlock",
    "EmbeddedResource",
    "Icon",
    "ImageContent",
    "Resource",
    "ResourceContents",
    "ResourceLink",
    "Role",
    "SamplingMessageContentBlock",
    "TextContent",
    "TextResourceContents",
    "ToolResultContent",
    "ToolUseContent",
    "UnknownContent",
]

Role: TypeAlias = Literal["user", "assistant"]
IconTheme: TypeAlias = Literal["light", "dark"]

DataMeta: TypeAlias = Annotated[dict[str, Any] | None, since(R2025_06_18)]
Title: TypeAlias = Annotated[str | None, since(R2025_06_18)]


class Annotations(Model):
    """Hints on who content is for and how much it matters."""

    audience: list[Role] | None = None
    priority: float | None = None
    last_modified: Annotated[str | None, since(R2025_06_18)] = None


class Icon(Model):
    """An icon by URL or `data:` URI; `sizes` holds entries such as `48x48` or `any`."""

    src: str
    mime_type: str | None = None
    sizes: list[str] | None = None
    theme: IconTheme | None = None


Icons: TypeAlias = Annotated[list[Icon] | None, since(R2025_11_25)]


class TextContent(Model, tag_field="type", tag="text"):
    """Text to or from a model."""

    type: ClassVar[Literal["text"]]
    text: str
    annotations: Annotations | None = None
    meta: DataMeta = field(name="_meta", default=None)


class ImageContent(Model, tag_field="type", tag="image"):
    """An image; `data` is its base64 text."""

    type: ClassVar[Literal["image"]]
    data: str
    mime_type: str
    annotations: Annotations | None = None
    meta: DataMeta = field(name="_meta", default=None)


class AudioContent(Model, tag_field="type", tag="audio"):
    """Audio; `data` is its base64 text. Known from 2025-03-26 on."""

    type: ClassVar[Literal["audio"]]
    data: str
    mime_type: str
    annotations: Annotations | None = None
    meta: DataMeta = field(name="_meta", default=None)


class ResourceContents(Model):
    """What text and binary contents share; `uri` is kept verbatim."""

    uri: str
    mime_type: str | None = None
    meta: DataMeta = field(name="_meta", default=None)


class TextResourceContents(ResourceContents):
    """A resource read as text."""

    text: str


class BlobResourceContents(ResourceContents):
    """A resource read as bytes; `blob` is their base64 text."""

    blob: str


class EmbeddedResource(Model, tag_field="type", tag="resource"):
    """The contents of a resource, inside a prompt or a tool result."""

    type: ClassVar[Literal["resource"]]
    resource: AnyResourceContents
    annotations: Annotations | None = None
    meta: DataMeta = field(name="_meta", default=None)

    def __post_init__(self) -> None:
        self.resource = resource_contents(self.resource)


class Resource(Model):
    """A resource that a server lists; `size` is in bytes, before any base64."""

    uri: str
    name: str
    title: Title = None
    description: str | None = None
    mime_type: str | None = None
    annotations: Annotations | None = None
    size: int | None = None
    icons: Icons = None
    meta: DataMeta = field(name="_meta", default=None)


class ResourceLink(Resource, tag_field="type", tag="resource_link"):
    """A resource that the reader may fetch; it need not be listed. Known from 2025-06-18 on."""

    type: ClassVar[Literal["resource_link"]]


class ToolUseContent(Model, tag_field="type", tag="tool_use"):
    """A tool call that a sampled model asks for. Known from 2025-11-25 on."""

    type: ClassVar[Literal["tool_use"]]
    id: str
    name: str
    input: dict[str, Any]
    meta: DataMeta = field(name="_meta", default=None)


@absent_as_none("structured_content")
class ToolResultContent(Model, tag_field="type", tag="tool_result"):
    """The answer to a `ToolUseContent`. Known from 2025-11-25 on."""

    type: ClassVar[Literal["tool_result"]]
    tool_use_id: str
    content: list[AnyContentBlock]
    structured_content: Any = UNSET
    is_error: bool = False
    meta: DataMeta = field(name="_meta", default=None)

    def __post_init__(self) -> None:
        self.content = content_blocks(self.content)


class UnknownContent(dict[str, Any]):
    """A block of a `type` that this version does not know, kept and re-encoded verbatim."""

    @property
    def type(self) -> str:
        """The block's own `type`."""
        return self.get("type", "")

    def model_dump(self, **ignored: Any) -> dict[str, Any]:
        """Return the members as received."""
        return dict(self)


ContentBlock: TypeAlias = (
    TextContent | ImageContent | AudioContent | ResourceLink | EmbeddedResource
)
SamplingMessageContentBlock: TypeAlias = (
    TextContent | ImageContent | AudioContent | ToolUseContent | ToolResultContent
)

_KINDS: dict[str, type[Model]] = {
    "text": TextContent,
    "image": ImageContent,
    "audio": AudioContent,
    "resource": EmbeddedResource,
    "resource_link": ResourceLink,
    "tool_use": ToolUseContent,
    "tool_result": ToolResultContent,
}

# msgspec decodes neither unions open to unknown tags nor unions of untagged structs, so to it
# these members are free JSON, which `__post_init__` of their owner makes into objects.
if TYPE_CHECKING:
    AnyContentBlock: TypeAlias = ContentBlock | UnknownContent
    AnySamplingBlock: TypeAlias = SamplingMessageContentBlock | UnknownContent
    AnySamplingContent: TypeAlias = AnySamplingBlock | list[AnySamplingBlock]
    AnyResourceContents: TypeAlias = TextResourceContents | BlobResourceContents
else:
    AnyContentBlock = Annotated[Any, msgspec.Meta(extra={"holds": ContentBlock})]
    AnySamplingBlock = Annotated[Any, msgspec.Meta(extra={"holds": SamplingMessageContentBlock})]
    AnySamplingContent = AnySamplingBlock
    AnyResourceContents = Annotated[
        Any, msgspec.Meta(extra={"holds": TextResourceContents | BlobResourceContents})
    ]


def content_block(value: Any) -> Any:
    """Make a decoded object into its block; anything but a plain dict is returned as it is.

    Raises:
        ValueError: the block lacks a `type`, or is not what its `type` promises.
    """
    if type(value) is not dict:
        return value
    block = cast("dict[str, Any]", value)
    kind = block.get("type")
    if not isinstance(kind, str):
        raise ValueError("Content block without `type`")
    known = _KINDS.get(kind)
    if known is None:
        return UnknownContent(block)
    try:
        return msgspec.convert(block, known)
    except msgspec.ValidationError as error:
        raise ValueError(f"Content block {kind!r}: {error}") from None


def content_blocks(values: Any) -> Any:
    """Apply `content_block` to each item of a list; the same list when nothing was decoded."""
    for value in values:
        if type(value) is dict:
            return [content_block(item) for item in values]
    return values


def resource_contents(value: Any) -> Any:
    """Make a decoded object into text or binary contents; anything but a dict stays as it is.

    Raises:
        ValueError: neither shape fits.
    """
    if type(value) is not dict:
        return value
    known = BlobResourceContents if "blob" in value else TextResourceContents
    try:
        return msgspec.convert(value, known)
    except msgspec.ValidationError as error:
        raise ValueError(f"Resource contents: {error}") from None
