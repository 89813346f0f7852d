"""The options that every provider takes whose identity provider issues tokens for this server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypedDict


class ResourceOptions(TypedDict, total=False):
    """What `RemoteAuthProvider` does with them is written there."""

    resource_base_url: Any
    scopes_supported: Iterable[str] | None
    resource_name: str | None
    resource_documentation: Any
    challenge_scopes: Iterable[str] | str | None
