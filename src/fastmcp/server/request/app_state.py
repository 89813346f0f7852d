"""The state of the ASGI applications that a request came through, as one object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HOST_APP = "fastmcp.host_app"
"""Where an ASGI scope has the application that ours is mounted in."""


def app_state_of(scope: Mapping[str, Any] | None) -> Any:
    """The `state` of the application that serves, with what is above it when there is more; None
    when there is none at all.
    """
    if scope is None:
        return None
    apps: list[Any] = [scope.get("app"), scope.get(HOST_APP)]
    states = [app.state for app in apps if hasattr(app, "state")]
    lifespan: dict[str, Any] | None = scope.get("state")
    if lifespan:
        return AppState(states, lifespan)
    if len(states) > 1:
        return AppState(states, {})
    return states[0] if states else None


class AppState:
    """Reads from the first that has the name: our application, the one that it is mounted in, and
    what the lifespan of the outermost yielded. What is set stays where it is, or is new in ours.
    """

    __slots__ = ("_lifespan", "_states")

    _states: list[Any]
    _lifespan: dict[str, Any]

    def __init__(self, states: list[Any], lifespan: dict[str, Any]) -> None:
        object.__setattr__(self, "_states", states)
        object.__setattr__(self, "_lifespan", lifespan)

    def __getattr__(self, name: str) -> Any:
        for state in self._states:
            if hasattr(state, name):
                return getattr(state, name)
        if name in self._lifespan:
            return self._lifespan[name]
        raise AttributeError(f"Neither the application nor what it is mounted in has {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        owners = [state for state in self._states if hasattr(state, name)] or self._states
        if not owners:
            raise AttributeError(f"There is no application whose state could have {name!r}")
        setattr(owners[0], name, value)
