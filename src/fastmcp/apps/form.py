"""FormInput: the user fills in a form."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastmcp._components.app_config import AppConfig
from fastmcp._components.writing import to_json
from fastmcp.exceptions import ToolError
from fastmcp.tools.tool_result import ToolResult

from .app import FastMCPApp
from .asking import asking
from .pages import page, uri_of
from .shown_tools import shown_tools

if TYPE_CHECKING:
    from pydantic import BaseModel


class FormInput(FastMCPApp):
    """Adds a tool, `collect_` and the name of the model by default, which shows a form of a
    Pydantic model. What is filled in is validated; `on_submit`, a function or coroutine function,
    takes the object and returns a text for the model. Without it the text is the object's JSON.

    With `send_message` the text comes as a message of the user's, which the model answers at once;
    without, the model knows it from its next turn on, where the host can do that.
    """

    def __init__(
        self,
        model: type[BaseModel],
        *,
        name: str | None = None,
        title: str | None = None,
        submit_text: str = "Submit",
        tool_name: str | None = None,
        on_submit: Callable[[Any], Any] | None = None,
        send_message: bool = False,
    ) -> None:
        super().__init__(name or model.__name__)
        self._model = model
        self._schema = model.model_json_schema()
        self._title = title or model.__name__
        self._submit_text = submit_text
        self._tool_name = tool_name or f"collect_{model.__name__.lower()}"
        self._on_submit = on_submit
        self._send_message = send_message
        self.add_resource(page("form"))
        self.tool(self.submit_form)
        self.ui(
            self.collect_input,
            name=self._tool_name,
            description=f"Have the user fill in a form: {model.__name__}. Call this when you need "
            "these data of them, then stop and wait until they have filled it in.",
            app=AppConfig(resource_uri=uri_of("form")),
        )

    async def submit_form(self, data: dict[str, Any]) -> str:
        """Take what was filled in."""
        from pydantic import ValidationError

        try:
            filled = self._model.model_validate(data)
        except ValidationError as error:
            raise ToolError(_told(error)) from None
        if self._on_submit is None:
            return to_json(filled).decode()
        said = self._on_submit(filled)
        return str(await said if inspect.isawaitable(said) else said)

    async def collect_input(
        self,
        prompt: str,
        title: str | None = None,
        submit_text: str | None = None,
        default: dict[str, Any] | None = None,
    ) -> ToolResult:
        """Have the user fill in a form.

        Args:
            prompt: What you need, and why.
            title: The heading.
            submit_text: The text of the button.
            default: What you know already, by the names of the fields; the user can change it.
        """
        tools = await shown_tools(self.tools)
        return asking(
            {
                "title": title or self._title,
                "prompt": prompt,
                "submit_text": submit_text or self._submit_text,
                "schema": self._schema,
                "values": default or {},
                "send_message": self._send_message,
                "entry": tools[self._tool_name].name,
                "submit": tools["submit_form"].name,
            }
        )


def _told(error: Any) -> str:
    lines = [(".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
    return "\n".join(f"{place}: {text}" if place else text for place, text in lines)
