"""The JSON Schema of fastmcp.json, made of the structs that read it."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("fastmcp.schema.json")
"""The schema as it comes with this package."""


def generate_schema(output_path: str | PathLike[str] | None = None) -> dict[str, Any] | None:
    """The schema; with a path it is written there, and None is returned."""
    from msgspec.json import schema

    from .server_config import MCPServerConfig

    made: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "fastmcp.json",
        **schema(MCPServerConfig),
    }
    for part in made["$defs"].values():
        part["description"] = " ".join(part["description"].split())
    if output_path is None:
        return made
    path = Path(output_path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made, indent=2) + "\n", "utf-8")
    return None
