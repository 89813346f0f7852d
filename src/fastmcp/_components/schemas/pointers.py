"""References inside a JSON document (RFC 6901)."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import unquote


def pointed_at(root: Any, ref: str) -> Any:
    """What a reference such as `#/$defs/Point` refers to; None for what is not in the document."""
    if not ref.startswith("#") or (len(ref) > 1 and ref[1] != "/"):
        return None
    node: Any = root
    for step in unquote(ref[1:]).split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(node, list) and step.isdecimal():
            items = cast("list[Any]", node)
            node = items[int(step)] if int(step) < len(items) else None
        else:
            node = cast("dict[str, Any]", node).get(step) if isinstance(node, dict) else None
    return node
