"""Area X: what is named and not described, of HTTP APIs."""

from __future__ import annotations

import json

import httpx2
from apps import served
from fastapi import FastAPI

from fastmcp import Client, FastMCP


def api() -> FastAPI:
    """An API of two operations."""
    app = FastAPI(title="Greeter")

    @app.get("/greetings/{name}", operation_id="greet")
    def greet(name: str, loud: bool = False) -> dict[str, str]:
        return {"greeting": f"Hello, {name}{'!' if loud else ''}"}

    @app.post("/sum", operation_id="add")
    def add(numbers: list[int]) -> int:
        return sum(numbers)

    return app


async def use(mcp: FastMCP) -> None:
    async with Client(mcp) as client:
        assert {tool.name for tool in await client.list_tools()} == {"greet", "add"}
        greeting = await client.call_tool("greet", {"name": "a b", "loud": True})
        total = await client.call_tool("add", {"numbers": [1, 2, 3]})

    assert greeting.structured_content == {"greeting": "Hello, a b!"}
    assert total.data == 6


async def test_s341_a_server_is_made_of_a_fastapi_application() -> None:
    """Which is called in this process."""
    await use(FastMCP.from_fastapi(api()))


async def test_s341_a_server_is_made_of_an_openapi_document() -> None:
    """And asks the API over HTTP, which may be served under a prefix."""
    app = api()
    outer = FastAPI()
    outer.mount("/v1", app)
    with served(outer) as base:
        async with httpx2.AsyncClient(base_url=base) as http:
            spec = json.loads((await http.get("/v1/openapi.json")).text)
        spec["servers"] = [{"url": f"{base}/v1"}]
        await use(FastMCP.from_openapi(spec))
