"""TextResource and BinaryResource: data that is there already."""

from __future__ import annotations

from typing import ClassVar

from .base import BINARY, Resource, ResourceContent, ResourceResult


class TextResource(Resource, kw_only=True):
    """A text."""

    text: str

    async def read(self) -> ResourceResult:
        return ResourceResult([ResourceContent(self.text, self.mime_type, self.meta)])

    def _known_size(self) -> int:
        return len(self.text.encode("utf-8", "replace"))


class BinaryResource(Resource, kw_only=True):
    """Bytes."""

    MIME_TYPE: ClassVar[str] = BINARY

    data: bytes

    async def read(self) -> ResourceResult:
        return ResourceResult([ResourceContent(self.data, self.mime_type, self.meta)])

    def _known_size(self) -> int:
        return len(self.data)
