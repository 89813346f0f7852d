"""Servers made of an OpenAPI document, and listed by a client.

openapi_servers.py made | github | floor-made | floor-github

One document is made here, of 1,000 plain operations; the other is GitHub's, of more than 1,200,
which the tests install.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from timing import answer_bursts

TESTS = Path(__file__).resolve().parents[2] / "tests"
KINDS = 250
FAMILY = 5
"""Kinds of which each has parts of the next."""
OPERATIONS = 1000
"""Four for each kind of thing."""


def document() -> dict[str, Any]:
    """An API of things that refer to each other, to themselves, and to what all have in common."""
    schemas: dict[str, Any] = {
        "Page": {"type": "object", "properties": {"next": {"type": "string", "nullable": True}}},
        "Owner": {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "integer"},
                "login": {"type": "string", "example": "octavia"},
                "manager": {"$ref": "#/components/schemas/Owner"},
            },
        },
    }
    paths: dict[str, Any] = {}
    for number in range(KINDS):
        schemas[f"Thing{number}"] = _thing(number)
        paths |= _paths(number)
    return {
        "openapi": "3.0.3",
        "info": {"title": "Things", "version": "1"},
        "servers": [{"url": "http://api.test"}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _thing(number: int) -> dict[str, Any]:
    properties: dict[str, Any] = {
        f"member{each}": {"type": "string", "description": f"Member {each} of thing {number}"}
        for each in range(8)
    }
    properties["owner"] = {"$ref": "#/components/schemas/Owner"}
    if (number + 1) % FAMILY:
        part = {"$ref": f"#/components/schemas/Thing{number + 1}"}
        properties["parts"] = {"type": "array", "items": part}
    return {"type": "object", "required": ["member0"], "properties": properties}


def _paths(number: int) -> dict[str, Any]:
    ref = {"$ref": f"#/components/schemas/Thing{number}"}
    content = {"application/json": {"schema": ref}}
    listed = {"application/json": {"schema": {"type": "array", "items": ref}}}
    key = {"name": "key", "in": "path", "required": True, "schema": {"type": "integer"}}
    asked = [
        {"name": name, "in": "query", "schema": {"type": "integer", "minimum": 1}}
        for name in ("page", "per_page", "since")
    ]
    body = {"required": True, "content": content}

    def operation(verb: str, answer: Any, **members: Any) -> dict[str, Any]:
        return {
            "operationId": f"{verb}_thing{number}",
            "summary": f"{verb} thing {number}",
            "tags": [f"thing{number}"],
            "responses": {"200": {"description": "done", "content": answer}},
            **members,
        }

    return {
        f"/things{number}": {
            "get": operation("list", listed, parameters=asked),
            "post": operation("create", content, requestBody=body),
        },
        f"/things{number}/{{key}}": {
            "get": operation("get", content, parameters=[key]),
            "put": operation("replace", content, parameters=[key], requestBody=body),
        },
    }


def github() -> dict[str, Any]:
    sys.path.insert(0, str(TESTS))
    from peers.environments import npm_packages

    packages = npm_packages(TESTS / "openapi")
    return json.loads((packages.modules / "documents" / "github.json").read_text("utf-8"))


async def measure_servers(spec: dict[str, Any]) -> None:
    logging.disable(logging.WARNING)
    import httpx2

    from fastmcp import Client, FastMCP

    async def once() -> float:
        begin = perf_counter()
        api = httpx2.AsyncClient(base_url="http://api.test")
        async with Client(FastMCP.from_openapi(spec, api)) as client:
            tools = await client.list_tools()
        assert len(tools) >= OPERATIONS
        return perf_counter() - begin

    await answer_bursts(once)


async def measure_floor(spec: dict[str, Any]) -> None:
    """The document is read and written once, with the standard library."""
    text = json.dumps(spec)

    async def once() -> float:
        begin = perf_counter()
        json.dumps(json.loads(text))
        return perf_counter() - begin

    await answer_bursts(once)


if __name__ == "__main__":
    mode = sys.argv[1]
    given = github() if mode.endswith("github") else document()
    asyncio.run((measure_floor if mode.startswith("floor") else measure_servers)(given))
