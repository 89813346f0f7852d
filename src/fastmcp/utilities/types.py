"""`Image`, `Audio` and `File`, under the path that FastMCP's users import them from."""

from fastmcp._components.media import Audio, File, Image

__all__ = ["Audio", "File", "Image"]
