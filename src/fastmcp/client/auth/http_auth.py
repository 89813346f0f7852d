"""What httpx2 and httpx take as `auth=`: an object of a class of theirs."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from httpx2 import Auth as HttpAuth
else:

    def _kind(library: str) -> type[Any]:
        return cast("type[Any]", import_module(library).Auth)

    class HttpAuth(*(_kind(each) for each in ("httpx2", "httpx") if find_spec(each))):
        """An `Auth` of each of the libraries that is there."""


__all__ = ["HttpAuth"]
