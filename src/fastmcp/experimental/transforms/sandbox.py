"""SandboxProvider: where code of a model runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class SandboxProvider(Protocol):
    """Runs Python that nobody has looked at: out of reach of this process, and never by `exec()`.

    `inputs` are values, and `external_functions` async functions, by the names that the code has
    for them; the functions are awaited on the event loop that `run` is. What the code is to be told
    of its own errors is raised as a `ToolError`.
    """

    async def run(
        self,
        code: str,
        *,
        inputs: dict[str, Any] | None = None,
        external_functions: dict[str, Callable[..., Any]] | None = None,
    ) -> Any:
        """What the code returns: data."""
        ...
