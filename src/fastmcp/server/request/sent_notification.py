"""Notifications that a function sends by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..subscriptions import Change

_CHANGES: dict[str, Any] = {
    "notifications/tools/list_changed": "tools",
    "notifications/resources/list_changed": "resources",
    "notifications/prompts/list_changed": "prompts",
    "notifications/resources/updated": "contents",
}


def read_notification(
    notification: Any, params: Mapping[str, Any] | None, session: str
) -> tuple[str, dict[str, Any], Change | None]:
    """The method and the parameters of what is to be sent; the change that it tells a session of.

    Raises:
        TypeError: it has no method.
    """
    whole = getattr(notification, "root", notification)  # of the official package's union
    method = whole if isinstance(whole, str) else getattr(whole, "method", None)
    if not isinstance(method, str):
        raise TypeError("A notification is a method with its params, or an object that has both")
    own = getattr(whole, "params", None)
    members: dict[str, Any] = dict(params or {})
    if own is not None:
        members = {**_plain(own), **members}
    of = _CHANGES.get(method)
    return method, members, None if of is None else Change(of, members.get("uri"), session)


def _plain(params: Any) -> dict[str, Any]:
    if isinstance(params, Mapping):
        return dict(params)  # pyright: ignore[reportUnknownArgumentType]
    return params.model_dump(mode="json", by_alias=True, exclude_none=True)
