"""A server in a few lines."""

from __future__ import annotations

from fastmcp._version import VERSION

from ..calling.offer import Offer
from ..terminal import print_fields


def print_summary(offer: Offer) -> None:
    """Print what the server is, and how much of each kind it has."""
    info = offer.server_info
    components = {
        "Tools": offer.tools,
        "Prompts": offer.prompts,
        "Resources": offer.resources,
        "Templates": offer.resource_templates,
    }
    print_fields(
        {
            "Server": {
                "Name": info.name,
                "Title": info.title,
                "Version": info.version,
                "Website": info.website_url,
                "Instructions": offer.instructions,
            },
            "Components": {name: str(len(found or ())) for name, found in components.items()},
            "Environment": {"Peregrine": VERSION, "MCP": offer.protocol_version},
        }
    )
    print("\nUse --format [fastmcp|mcp] for all of it as JSON, --check for what it is missing")
