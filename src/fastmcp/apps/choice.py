"""Choice: the user picks one of several answers."""

from __future__ import annotations

from fastmcp._components.app_config import AppConfig
from fastmcp.tools.tool_result import ToolResult

from .app import FastMCPApp
from .approval import Variant, choice
from .asking import asking
from .pages import page, uri_of


class Choice(FastMCPApp):
    """Adds the tool `choose`, which shows a button for each option; the one that is pressed comes
    back as a message of the user's. `variant` is the style of the buttons.
    """

    def __init__(
        self,
        name: str = "Choice",
        *,
        title: str = "Choose an Option",
        variant: Variant = "outline",
    ) -> None:
        super().__init__(name)
        self._title = title
        self._variant: Variant = variant
        self.add_resource(page("choices"))
        self.ui(self.choose, app=AppConfig(resource_uri=uri_of("choices")))

    def choose(self, prompt: str, options: list[str], title: str | None = None) -> ToolResult:
        """Let the user choose between a few answers, rather than have them type one.

        The user sees a button for each. The one that is pressed comes as a message, such as:
        "Which strategy?" — I selected: Blue-green

        Stop after calling this and wait for that message.

        Args:
            prompt: The question.
            options: The answers.
            title: The heading.
        """
        return asking(
            {
                "title": title or self._title,
                "text": prompt,
                "details": None,
                "stacked": True,
                "options": [choice(prompt, label, self._variant) for label in options],
            }
        )
