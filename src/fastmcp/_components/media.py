"""Image, Audio and File: bytes or a path that become content blocks."""

from __future__ import annotations

import base64
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


class Media:
    """Bytes, given as `data` or read from `path` when they are needed."""

    TYPE: ClassVar[str]
    SUFFIXES: ClassVar[dict[str, str]]
    DEFAULT: ClassVar[str]

    def __init__(
        self,
        path: str | Path | None = None,
        data: bytes | None = None,
        format: str | None = None,
        annotations: Annotations | None = None,
    ) -> None:
        if (path is None) == (data is None):
            raise ValueError(f"{type(self).__name__} takes either path= or data=")
        self.path = None if path is None else Path(path).expanduser()
        self.data = data
        self.format = format
        self.annotations = annotations

    @property
    def mime_type(self) -> str:
        """From `format`, or else from the path's suffix."""
        if self.format:
            return f"{self.TYPE}/{self.format.lower()}"
        suffix = "" if self.path is None else self.path.suffix.lower()
        return self.SUFFIXES.get(suffix, self.DEFAULT)

    def read(self) -> bytes:
        """The bytes themselves."""
        if self.data is not None:
            return self.data
        assert self.path is not None
        return self.path.read_bytes()

    def encoded(self) -> str:
        """The bytes in standard base64."""
        return base64.b64encode(self.read()).decode()

    def to_data_uri(self) -> str:
        """A `data:` URI (RFC 2397)."""
        return f"data:{self.mime_type};base64,{self.encoded()}"


class Image(Media):
    """An image for a tool to return."""

    TYPE = "image"
    DEFAULT = "image/png"
    SUFFIXES: ClassVar[dict[str, str]] = {
        ".png": "image/png",
        ".jpg": "image/jpeg",
        ".jpeg": "image/jpeg",
        ".gif": "image/gif",
        ".webp": "image/webp",
        ".svg": "image/svg+xml",
    }

    def to_image_content(self) -> ImageContent:
        """The content block."""
        return ImageContent(
            data=self.encoded(), mime_type=self.mime_type, annotations=self.annotations
        )

    to_content = to_image_content


class Audio(Media):
    """A sound for a tool to return."""

    TYPE = "audio"
    DEFAULT = "audio/wav"
    SUFFIXES: ClassVar[dict[str, str]] = {
        ".wav": "audio/wav",
        ".mp3": "audio/mpeg",
        ".ogg": "audio/ogg",
        ".m4a": "audio/mp4",
        ".flac": "audio/flac",
    }

    def to_audio_content(self) -> AudioContent:
        """The content block."""
        return AudioContent(
            data=self.encoded(), mime_type=self.mime_type, annotations=self.annotations
        )

    to_content = to_audio_content


class File(Media):
    """A file for a tool to return, as an embedded resource."""

    TYPE = "application"
    DEFAULT = "application/octet-stream"
    SUFFIXES: ClassVar[dict[str, str]] = {}

    def __init__(
        self,
        path: str | Path | None = None,
        data: bytes | None = None,
        format: str | None = None,
        name: str | None = None,
        annotations: Annotations | None = None,
    ) -> None:
        super().__init__(path, data, format, annotations)
        self.name = name

    @property
    def mime_type(self) -> str:
        """From `format`, or else guessed from the path."""
        if self.format:
            kind = "text" if self.format.lower() in ("plain", "txt", "text") else self.TYPE
            name = "plain" if kind == "text" else self.format.lower()
            return f"{kind}/{name}"
        import mimetypes

        guess = None if self.path is None else mimetypes.guess_type(self.path.name)[0]
        return guess or self.DEFAULT

    def to_resource_content(self) -> EmbeddedResource:
        """The content block; text when the type says so."""
        if self.path is not None:
            uri = self.path.resolve().as_uri()
        else:
            uri = f"file:///{self.name or 'resource'}"
        mime_type = self.mime_type
        resource: Any
        if mime_type.startswith("text/"):
            text = self.read().decode("utf-8", "replace")
            resource = TextResourceContents(uri=uri, mime_type=mime_type, text=text)
        else:
            resource = BlobResourceContents(uri=uri, mime_type=mime_type, blob=self.encoded())
        return EmbeddedResource(resource=resource, annotations=self.annotations)

    to_content = to_resource_content
