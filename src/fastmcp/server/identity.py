"""Who a server says it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from fastmcp._components.foreign import as_model
from fastmcp._version import VERSION
from fastmcp.wire.content import Icon
from fastmcp.wire.lifecycle import Implementation


class Identity:
    """The mapping behind `serverInfo`, open to members of the user's own."""

    def __init__(
        self,
        name: str | None,
        version: str | float | None,
        description: str | None,
        website_url: str | None,
        icons: Sequence[Any] | None,
    ) -> None:
        self.info: dict[str, Any] = {
            "name": name or f"FastMCP-{os.urandom(2).hex()}",
            "version": VERSION if version is None else str(version),
        }
        if description is not None:
            self.info["description"] = description
        if website_url is not None:
            self.info["websiteUrl"] = website_url
        if icons:
            self.info["icons"] = [as_model(icon, Icon) for icon in icons]

    def implementation(self) -> Implementation:
        """The members that the protocol knows."""
        return Implementation.model_validate(self.info)

    def extras(self) -> dict[str, Any]:
        """The user's own members; a handshake carries them in the result's `_meta`."""
        known = Implementation.__struct_encode_fields__
        return {name: value for name, value in self.info.items() if name not in known}
