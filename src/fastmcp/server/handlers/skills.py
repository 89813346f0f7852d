"""Handlers of skills, whose code is loaded by the first request that needs it."""

from __future__ import annotations

from typing import Any

from fastmcp._runtime.dispatch import Handler
from fastmcp.server.context import Context


def of_skills(name: str) -> Handler[Context]:
    """The handler of that name."""

    async def act(context: Context, params: Any) -> Any:
        from fastmcp.server.providers.skills import requests

        return await getattr(requests, name)(context, params)

    return act
