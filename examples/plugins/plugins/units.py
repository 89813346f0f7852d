"""A plugin of one tool."""

from fastmcp.plugins import MCPPlugin, PluginHost


class Units(MCPPlugin):
    """Converts units."""

    @property
    def name(self) -> str:
        return "units"

    @property
    def version(self) -> str:
        return "1.0"

    def register_tools(self, mcp: PluginHost) -> None:
        @mcp.tool
        def fahrenheit(celsius: float) -> float:
            """Degrees Fahrenheit."""
            return celsius * 9 / 5 + 32
