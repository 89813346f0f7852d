"""HttpResource: what an HTTP server answers, fetched at each read."""

from __future__ import annotations

from typing import ClassVar

from fastmcp.exceptions import ResourceError

from .base import JSON, Resource, ResourceContent, ResourceResult
from .mime_types import is_text


class HttpResource(Resource, kw_only=True):
    """The body of a GET request; text when the resource's type is. Redirects are not followed."""

    MIME_TYPE: ClassVar[str] = JSON

    url: str

    async def read(self) -> ResourceResult:
        import httpx2

        try:
            async with httpx2.AsyncClient() as client:
                response = await client.get(str(self.url))
                response.raise_for_status()
        except httpx2.HTTPStatusError as error:
            status = error.response.status_code
            raise ResourceError(f"Cannot read {self.uri}: its source answered {status}") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ResourceError(
                f"Cannot read {self.uri}: its source cannot be reached ({type(error).__name__})"
            ) from error
        content = response.text if is_text(self.mime_type) else response.content
        return ResourceResult([ResourceContent(content, self.mime_type, self.meta)])
