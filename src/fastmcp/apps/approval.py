"""Approval: the user lets the model do something, or does not."""

from __future__ import annotations

from typing import Literal

from fastmcp._components.app_config import AppConfig
from fastmcp.tools.tool_result import ToolResult

from .app import FastMCPApp
from .asking import asking
from .pages import page, uri_of

Variant = Literal["default", "outline", "destructive", "success", "info"]


class Approval(FastMCPApp):
    """Adds the tool `request_approval`, which shows two buttons; the one that is pressed comes back
    as a message of the user's. `variant`s are styles of the buttons.
    """

    def __init__(
        self,
        name: str = "Approval",
        *,
        title: str = "Approval Required",
        approve_text: str = "Approve",
        reject_text: str = "Reject",
        approve_variant: Variant = "default",
        reject_variant: Variant = "outline",
    ) -> None:
        super().__init__(name)
        self._title = title
        self._approve: tuple[str, Variant] = approve_text, approve_variant
        self._reject: tuple[str, Variant] = reject_text, reject_variant
        self.add_resource(page("choices"))
        self.ui(self.request_approval, app=AppConfig(resource_uri=uri_of("choices")))

    def request_approval(
        self,
        summary: str,
        details: str | None = None,
        title: str | None = None,
        approve_text: str | None = None,
        reject_text: str | None = None,
        approve_variant: Variant | None = None,
        reject_variant: Variant | None = None,
    ) -> ToolResult:
        """Ask the user to approve something before you do it: whatever is significant, or cannot
        be undone, without being told to ask.

        The user sees the summary and two buttons. The one that is pressed comes as a message, such
        as: "Deploy v3.2" — I selected: Approve

        Stop after calling this and wait for that message. Go on if it approves; if it does not,
        ask how to proceed.

        Args:
            summary: What is to be approved, in a line.
            details: More about it: why, and what follows from it.
            title: The heading.
            approve_text: The text of the button that approves.
            reject_text: The text of the button that does not.
            approve_variant: The style of the button that approves.
            reject_variant: The style of the button that does not.
        """
        buttons: list[tuple[str, Variant]] = [
            (reject_text or self._reject[0], reject_variant or self._reject[1]),
            (approve_text or self._approve[0], approve_variant or self._approve[1]),
        ]
        return asking(
            {
                "title": title or self._title,
                "text": summary,
                "details": details,
                "stacked": False,
                "options": [choice(summary, label, variant) for label, variant in buttons],
            }
        )


def choice(question: str, label: str, variant: Variant) -> dict[str, str]:
    """A button, and the message that it sends."""
    message = f'"{question}" — I selected: {label}'
    return {"label": label, "variant": variant, "message": message}
