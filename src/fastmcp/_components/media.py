"""Image, Audio and File: bytes or a path that become content blocks."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any, ClassVar

from fastmcp.wire.content import (
    Annotations,
    AudioContent,
    BlobResourceContents,
    EmbeddedResource,
    ImageContent,
    TextResourceContents,
)

from .foreign import as_model

UNKNOWN = "application/octet-stream"
_TEXT_FORMATS = ("plain", "txt", "text")


class Media:
    """Bytes, given as `data` or read from `path` when they are needed.

    `~` and environment variables in a path are expanded. `format` is the second half of the type,
    such as `"jpeg"`; without it the path's suffix tells the type.
    """

    KIND: ClassVar[str]
    TYPES: ClassVar[dict[str, str]] = {}
    """Suffix -> type, for those that not every system knows."""
    DEFAULT: ClassVar[str] = UNKNOWN
    """The type of bytes of which nothing is said."""

    def __init__(
        self,
        path: str | Path | None = None,
        data: bytes | None = None,
        format: str | None = None,
        annotations: Any = None,
    ) -> None:
        if (path is None) == (data is None):
            raise ValueError(f"{type(self).__name__} takes either path= or data=")
        self.path: Path | None = None
        if path is not None:
            self.path = Path(os.path.expandvars(path)).expanduser()
        self.data = data
        self.format = format
        self.annotations: Annotations | None = as_model(annotations, Annotations)

    @property
    def mime_type(self) -> str:
        """From `format`, or else from the path's suffix."""
        if self.format:
            return f"{self.KIND}/{self.format.lower()}"
        if self.path is None:
            return self.DEFAULT
        known = self.TYPES.get(self.path.suffix.lower())
        if known is None:
            import mimetypes

            known = mimetypes.guess_type(self.path.name, strict=False)[0]
        return known or UNKNOWN

    def read(self) -> bytes:
        """The bytes themselves."""
        if self.data is not None:
            return self.data
        assert self.path is not None
        return self.path.read_bytes()

    def encoded(self) -> str:
        """The bytes in standard base64."""
        return base64.b64encode(self.read()).decode()

    def to_data_uri(self, mime_type: str | None = None) -> str:
        """A `data:` URI (RFC 2397)."""
        return f"data:{mime_type or self.mime_type};base64,{self.encoded()}"

    def to_content(self) -> Any:
        """The content block."""
        raise NotImplementedError


class Image(Media):
    """An image for a tool to return."""

    KIND: ClassVar[str] = "image"
    DEFAULT: ClassVar[str] = "image/png"
    TYPES: ClassVar[dict[str, str]] = {
        ".png": "image/png",
        ".jpg": "image/jpeg",
        ".jpeg": "image/jpeg",
        ".gif": "image/gif",
        ".webp": "image/webp",
        ".svg": "image/svg+xml",
    }

    def to_image_content(
        self, mime_type: str | None = None, annotations: Any = None
    ) -> ImageContent:
        """The content block, with another type or other annotations if they are given."""
        return ImageContent(
            data=self.encoded(),
            mime_type=mime_type or self.mime_type,
            annotations=as_model(annotations, Annotations) or self.annotations,
        )

    def to_content(self) -> ImageContent:
        return self.to_image_content()


class Audio(Media):
    """A sound for a tool to return."""

    KIND: ClassVar[str] = "audio"
    DEFAULT: ClassVar[str] = "audio/wav"
    TYPES: ClassVar[dict[str, str]] = {
        ".wav": "audio/wav",
        ".mp3": "audio/mpeg",
        ".ogg": "audio/ogg",
        ".m4a": "audio/mp4",
        ".flac": "audio/flac",
    }

    def to_audio_content(
        self, mime_type: str | None = None, annotations: Any = None
    ) -> AudioContent:
        """The content block, with another type or other annotations if they are given."""
        return AudioContent(
            data=self.encoded(),
            mime_type=mime_type or self.mime_type,
            annotations=as_model(annotations, Annotations) or self.annotations,
        )

    def to_content(self) -> AudioContent:
        return self.to_audio_content()


class File(Media):
    """A file for a tool to return, as an embedded resource: text when its type says so.

    `name` names bytes that come from no path.
    """

    KIND: ClassVar[str] = "application"

    def __init__(
        self,
        path: str | Path | None = None,
        data: bytes | None = None,
        format: str | None = None,
        name: str | None = None,
        annotations: Any = None,
    ) -> None:
        super().__init__(path, data, format, annotations)
        self.name = name

    @property
    def mime_type(self) -> str:
        """From `format` (`plain`, `txt` and `text` are plain text), or guessed from the path."""
        if self.format and self.format.lower() in _TEXT_FORMATS:
            return "text/plain"
        return super().mime_type

    @property
    def uri(self) -> str:
        """The path as a URI; bytes have that of a file of their name, with a suffix."""
        if self.path is not None:
            return self.path.resolve().as_uri()
        from urllib.parse import quote

        name = self.name or "resource"
        suffix = "" if Path(name).suffix else "." + self.mime_type.partition("/")[2]
        return f"file:///{quote(name + suffix)}"

    def to_resource_content(
        self, mime_type: str | None = None, annotations: Any = None
    ) -> EmbeddedResource:
        """The content block, with another type or other annotations if they are given."""
        kind = mime_type or self.mime_type
        resource: TextResourceContents | BlobResourceContents
        if kind.startswith("text/"):
            resource = TextResourceContents(uri=self.uri, mime_type=kind, text=_text(self.read()))
        else:
            resource = BlobResourceContents(uri=self.uri, mime_type=kind, blob=self.encoded())
        return EmbeddedResource(
            resource=resource, annotations=as_model(annotations, Annotations) or self.annotations
        )

    def to_content(self) -> EmbeddedResource:
        return self.to_resource_content()


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
