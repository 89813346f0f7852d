"""Public OpenAPI documents, and small ones made here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from peers.environments import npm_packages

HERE = Path(__file__).parent
# Which there are, and how many operations each has at least.
DOCUMENTS = {
    "github": 1000,
    "kubernetes": 800,
    "jira": 450,
    "stripe": 450,
    "zoom": 350,
    "digitalocean": 250,
    "box": 250,
    "slack": 150,
    "asana": 150,
    "spotify": 80,
    "readme": 50,
    "figma": 40,
    "star-trek": 20,
    "train-travel": 5,
}


def document(paths: dict[str, Any], version: str = "3.1.0", **members: Any) -> dict[str, Any]:
    """A document with these paths."""
    return {
        "openapi": version,
        "info": {"title": "Test", "version": "1"},
        "servers": [{"url": "http://api.test/v1"}],
        "paths": paths,
        **members,
    }


def public(name: str) -> dict[str, Any]:
    """A public document, from the packages of package.json."""
    folder = npm_packages(HERE).modules / "documents"
    if (path := folder / f"{name}.json").exists():
        return json.loads(path.read_text("utf-8"))
    return yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8"))


def operations(spec: dict[str, Any]) -> int:
    """How many a document has."""
    methods = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
    return sum(len(item.keys() & methods) for item in spec["paths"].values())
