"""A plugin with a state, a tool, a resource and a prompt."""

import random

from fastmcp.plugins import MCPPlugin, PluginHost


class Dice(MCPPlugin):
    """Rolls dice, and remembers what it rolled."""

    def __init__(self) -> None:
        self.rolled: list[int] = []

    @property
    def name(self) -> str:
        return "dice"

    def register_tools(self, mcp: PluginHost) -> None:
        @mcp.tool
        def roll(sides: int = 6) -> int:
            """Roll a die."""
            self.rolled.append(random.randint(1, sides))
            return self.rolled[-1]

    def register_resources(self, mcp: PluginHost) -> None:
        @mcp.resource("dice://rolled")
        def rolled() -> list[int]:
            """All that was rolled."""
            return self.rolled

    def register_prompts(self, mcp: PluginHost) -> None:
        @mcp.prompt
        def gamble(stake: int) -> str:
            """Ask for a game."""
            return f"Roll two dice for me; I bet {stake} on an even sum."

    def on_unload(self) -> None:
        self.rolled.clear()
