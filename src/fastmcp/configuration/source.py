"""Where a server's program is: the `source` of a fastmcp.json."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from fastmcp.wire.model import Model

if TYPE_CHECKING:
    from fastmcp.server.server import FastMCP

    from .program import Found


class Source(Model, rename={}):
    """Where a server's program is."""

    async def prepare(self) -> None:
        """Get hold of it, where that takes anything."""


class FileSystemSource(Source):
    """A Python file. `path` may name the object in it, too: `server.py:mcp`."""

    path: Annotated[
        str,
        Meta(description="The file, from the folder of the fastmcp.json.", examples=["server.py"]),
    ]
    entrypoint: Annotated[
        str | None,
        Meta(
            description="The server in it, or the function that makes one; by default mcp, server "
            "or app is looked for.",
            examples=["mcp", "create_server"],
        ),
    ] = None
    type: Literal["filesystem"] = "filesystem"

    def __post_init__(self) -> None:
        head, colon, tail = self.path.rpartition(":")
        if colon and tail.isidentifier() and head:
            self.path = head
            self.entrypoint = self.entrypoint or tail

    def load(self, folder: Path, arguments: Sequence[str] = ()) -> Found:
        """Run the program and find its server, as `load_file` does; its path is relative to
        `folder`.
        """
        from .program import load_file

        return load_file(folder / Path(self.path).expanduser(), self.entrypoint, arguments)

    async def load_server(self) -> FastMCP:
        """The server; the path is relative to the current folder.

        Raises:
            ConfigurationError: there is none, or its program failed.
        """
        from .program import awaited

        return await awaited(self.load(Path.cwd()))
