"""FileUpload: the user gives files to the server, which the model reads one by one."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from fastmcp._components.app_config import AppConfig
from fastmcp.exceptions import ToolError
from fastmcp.server.context import Context
from fastmcp.server.state.session_names import stands_alone
from fastmcp.tools.tool_result import ToolResult

from .app import FastMCPApp
from .asking import asking
from .pages import page, uri_of
from .shown_tools import shown_tools
from .uploads import Uploads, readable_size

OPENED = "The user can upload files now; list_files tells which there are."


class FileUpload(FastMCPApp):
    """Adds the tool `file_manager`, which lets the user upload files, and for the model
    `list_files` and `read_file`. Sizes are in bytes.

    Files are kept in memory, for the session and the user that they came from: what holds in each
    request alone, HTTP of 2026-07-28 without authentication, cannot have any. They stay until the
    process ends, or for `file_ttl_seconds`. Override `on_store`, `on_list` and `on_read`, plain or
    async, to keep them elsewhere.

    Over HTTP a file travels in one request, whose size the server limits, too
    (`http_app(max_request_size=...)`, 4 MiB by default; a file grows by a third on its way).
    """

    def __init__(
        self,
        name: str = "Files",
        *,
        max_file_size: int = 10 * 1024 * 1024,
        max_total_size: int | None = None,
        file_ttl_seconds: float | None = None,
        title: str = "File Upload",
        description: str = "These files are for the server; the model reads what it needs of them.",
        drop_label: str = "Drop files here",
    ) -> None:
        super().__init__(name)
        self._uploads = Uploads(max_total_size, file_ttl_seconds)
        self._max_file_size = max_file_size
        self._texts = {"title": title, "description": description, "drop_label": drop_label}
        self.add_resource(page("upload"))
        self.tool(self.store_files)
        self.tool(self.list_files, model=True)
        self.tool(self.read_file, model=True)
        self.ui(self.file_manager, app=AppConfig(resource_uri=uri_of("upload")))

    # To be overridden

    def on_store(self, files: list[dict[str, Any]], ctx: Context) -> Any:
        """Keep files, each with `name`, `size`, `type` and, in base64, `data`; the list of all that
        there are then, as `on_list` gives it.
        """
        return self._uploads.store(self._get_scope_key(ctx), files)

    def on_list(self, ctx: Context) -> Any:
        """The files, each with `name`, `type`, `size`, `size_display` and `uploaded_at`."""
        return self._uploads.summaries(self._get_scope_key(ctx))

    def on_read(self, name: str, ctx: Context) -> Any:
        """A file, with its text as `content`, or else the beginning of its `content_base64`.

        Raises:
            ToolError: there is none of that name.
        """
        return self._uploads.read(self._get_scope_key(ctx), name)

    def _get_scope_key(self, ctx: Context) -> str:
        """Whose files they are: those of requests with the same key."""
        alone = stands_alone(ctx.exchange)
        if alone and ctx.principal is None:
            raise ToolError(
                "Nobody can tell whose files these are: requests of 2026-07-28 over HTTP have no "
                "session, and this one no authenticated caller. Give the server auth="
            )
        return f"{ctx.principal or ''}\n{'' if alone else ctx.session_id}"

    # The tools

    async def store_files(self, files: list[dict[str, Any]], ctx: Context) -> list[dict[str, Any]]:
        """Keep uploaded files."""
        kept = [self._checked(each) for each in files]
        return await _settled(self.on_store(kept, ctx))

    async def list_files(self, ctx: Context) -> list[dict[str, Any]]:
        """The files that the user has uploaded."""
        return await _settled(self.on_list(ctx))

    async def read_file(self, name: str, ctx: Context) -> dict[str, Any]:
        """Read a file that the user has uploaded, by its name."""
        return await _settled(self.on_read(name, ctx))

    async def file_manager(self, ctx: Context) -> ToolResult:
        """Let the user upload files to the server, and see which are there."""
        tools = await shown_tools(self.tools)
        return asking(
            {
                **self._texts,
                "max_file_size": self._max_file_size,
                "limit_text": f"A file may have at most {readable_size(self._max_file_size)}",
                "files": await _settled(self.on_list(ctx)),
                "entry": tools["file_manager"].name,
                "store": tools["store_files"].name,
            },
            OPENED,
        )

    def _checked(self, file: dict[str, Any]) -> dict[str, Any]:
        """A file with the size that it has, whatever was said of it.

        Raises:
            ToolError: it has no name, is no base64, or is too large.
        """
        name, data = file.get("name"), file.get("data")
        if not isinstance(name, str) or not name or not isinstance(data, str):
            raise ToolError("A file needs a name and, in base64, its data")
        try:
            size = len(base64.b64decode(data, validate=True))
        except binascii.Error as error:
            raise ToolError(f"The data of {name!r} is no base64: {error}") from None
        if size > self._max_file_size:
            most = readable_size(self._max_file_size)
            raise ToolError(f"{name!r} has {readable_size(size)}, and a file may have {most}")
        kind = file.get("type")
        given = kind if isinstance(kind, str) and kind else "application/octet-stream"
        return {"name": name, "size": size, "type": given, "data": data}


async def _settled(value: Any) -> Any:
    return await value if hasattr(value, "__await__") else value
