"""A server as JSON: in FastMCP's form, and in that of the protocol."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import json, structs

from fastmcp._version import VERSION
from fastmcp.exceptions import ConfigurationError
from fastmcp.wire.model import Model
from fastmcp.wire.revisions import LATEST_MODERN

from ..calling.offer import Offer
from ..terminal import print_json

_OWN: Final = ("fastmcp", "_fastmcp")
"""Where servers of this family say in `_meta` what the protocol has no place for."""


def write(offer: Offer, form: str, to: str | None) -> None:
    """Print a server in a form, "fastmcp" or "mcp", or write it to a file.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    made = as_fastmcp(offer) if form == "fastmcp" else as_mcp(offer)
    document = json.encode(made)
    if to is None:
        print_json(document)
        return
    try:
        Path(to).write_bytes(json.format(document, indent=2) + b"\n")
    except OSError as error:
        raise ConfigurationError(f"{to} cannot be written: {error.strerror}") from None
    print(f"wrote {to}", file=sys.stderr)


def as_mcp(offer: Offer) -> dict[str, Any]:
    """The form of the protocol: what the server answers to requests for lists."""
    return {
        "environment": _environment(),
        "serverInfo": offer.server_info,
        "capabilities": offer.capabilities,
        "instructions": offer.instructions,
        "tools": offer.tools,
        "prompts": offer.prompts,
        "resources": offer.resources,
        "resourceTemplates": offer.resource_templates,
    }


def as_fastmcp(offer: Offer) -> dict[str, Any]:
    """FastMCP's form: members in snake case, with keys, versions and tags of their own."""
    info = offer.server_info
    return {
        "server": {
            "name": info.name,
            "instructions": offer.instructions,
            "version": info.version,
            "website_url": info.website_url,
            "icons": info.icons,
            "generation": 2,
            "capabilities": offer.capabilities,
        },
        "environment": _environment(),
        "tools": _components("tool", "name", offer.tools or ()),
        "prompts": _components("prompt", "name", offer.prompts or ()),
        "resources": _components("resource", "uri", offer.resources or ()),
        "templates": _components("template", "uri_template", offer.resource_templates or ()),
    }


def _environment() -> dict[str, str]:
    return {"fastmcp": VERSION, "mcp": LATEST_MODERN.text}


def _components(kind: str, identity: str, models: Iterable[Model]) -> list[dict[str, Any]]:
    return [_component(kind, identity, model) for model in models]


def _component(kind: str, identity: str, model: Model) -> dict[str, Any]:
    members = structs.asdict(model)
    meta: Mapping[str, Any] = members.pop("meta", None) or {}
    said: list[Any] = [meta[name] for name in _OWN if isinstance(meta.get(name), dict)]
    own: Mapping[str, Any] = said[0] if said else {}
    version = own.get("version")
    members.pop("execution", None)
    return {
        "key": f"{kind}:{members[identity]}@{version or ''}",
        **members,
        "version": version,
        "tags": own.get("tags") or None,
        "meta": {name: value for name, value in meta.items() if name not in _OWN} or None,
    }
