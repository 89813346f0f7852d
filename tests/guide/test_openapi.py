"""OpenAPI: servers of HTTP APIs."""

from collections.abc import Iterator
from typing import Any

import pytest
from apps import served
from fastapi import FastAPI, HTTPException

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError


def library() -> FastAPI:
    """An API of books."""
    app = FastAPI(title="Library")
    books = {1: "Momo", 2: "Krabat"}

    @app.get("/books", operation_id="list_books", tags=["books"])
    def list_books(limit: int = 10) -> list[str]:
        return list(books.values())[:limit]

    @app.get("/books/{book_id}", operation_id="read_book", tags=["books"])
    def read_book(book_id: int) -> dict[str, str]:
        if book_id not in books:
            raise HTTPException(404, "There is no such book")
        return {"title": books[book_id]}

    @app.post("/books", operation_id="add_book", tags=["books"])
    def add_book(title: str) -> dict[str, int]:
        books[len(books) + 1] = title
        return {"id": len(books)}

    @app.delete("/admin/books", operation_id="clear")
    def clear() -> None:
        books.clear()

    return app


@pytest.fixture
def api() -> Iterator[str]:
    with served(library()) as base:
        yield base


async def test_a_document_becomes_a_server(api: str) -> None:
    """And each operation a tool."""
    api_url = api
    # snippet: document
    import httpx2

    from fastmcp import Client, FastMCP

    api = httpx2.AsyncClient(
        base_url=api_url,
        headers={"Authorization": "Bearer secret"},
        timeout=10,
    )
    spec = (await api.get("/openapi.json")).json()
    mcp = FastMCP.from_openapi(spec, client=api, name="Library")
    # end
    # snippet: call
    async with Client(mcp) as client:
        books = await client.call_tool("list_books", {"limit": 1})
        assert books.data == ["Momo"]
        book = await client.call_tool("read_book", {"book_id": 2})
        assert book.structured_content == {"title": "Krabat"}
    # end
    async with Client(mcp) as client:
        with pytest.raises(ToolError, match=r"HTTP error 404: Not Found - .*no such book"):
            await client.call_tool("read_book", {"book_id": 9})
    await api.aclose()


async def test_an_application_becomes_a_server() -> None:
    """In the same process."""
    app = library()
    # snippet: fastapi
    mcp = FastMCP.from_fastapi(app)
    # end
    async with Client(mcp) as client:
        assert (await client.call_tool("add_book", {"title": "Heidi"})).data is not None
        assert len((await client.call_tool("list_books")).data) == 3


async def test_operations_become_what_maps_say() -> None:
    """The first that fits."""
    app = library()
    # snippet: maps
    from fastmcp.server.providers.openapi import MCPType, RouteMap

    mcp = FastMCP.from_fastapi(
        app,
        route_maps=[
            RouteMap(pattern=r"^/admin/", mcp_type=MCPType.EXCLUDE),
            RouteMap(methods=["GET"], pattern=r"\{.*\}", mcp_type=MCPType.RESOURCE_TEMPLATE),
            RouteMap(methods=["GET"], tags={"books"}, mcp_type=MCPType.RESOURCE),
        ],
    )
    # end
    # snippet: mapped
    async with Client(mcp) as client:
        assert [tool.name for tool in await client.list_tools()] == ["add_book"]
        books = await client.read_resource("resource://list_books")
        assert books[0].text == '["Momo","Krabat"]'
        book = await client.read_resource("resource://read_book/1")
        assert book[0].text == '{"title":"Momo"}'
    # end


async def test_functions_choose_and_change() -> None:
    """What maps cannot say."""
    from fastmcp.server.providers.openapi import MCPType

    app = library()

    # snippet: functions
    def choose(route, mcp_type):
        return MCPType.EXCLUDE if route.method == "DELETE" else None

    def describe(route, component):
        component.description = f"{component.description} ({route.method} {route.path})"

    mcp = FastMCP.from_fastapi(
        app,
        route_map_fn=choose,
        mcp_component_fn=describe,
        mcp_names={"list_books": "books"},
        tags={"library"},
    )
    # end
    async with Client(mcp) as client:
        tools = {tool.name: tool for tool in await client.list_tools()}
    assert tools["books"].description == "List Books (GET /books)"
    assert "clear" not in tools


async def test_headers_go_on_when_somebody_sends_them_on(api: str) -> None:
    """A hook, or an authentication, of the client."""
    api_url = api
    # snippet: headers
    import httpx2

    from fastmcp.server.dependencies import get_http_headers

    async def pass_on(request: httpx2.Request) -> None:
        if trace := get_http_headers().get("traceparent"):
            request.headers["traceparent"] = trace

    api = httpx2.AsyncClient(base_url=api_url, event_hooks={"request": [pass_on]})
    # end
    spec: Any = (await api.get("/openapi.json")).json()
    async with Client(FastMCP.from_openapi(spec, api)) as client:
        assert (await client.call_tool("list_books")).data == ["Momo", "Krabat"]
    await api.aclose()


async def test_a_provider_is_one_of_several(api: str) -> None:
    """Beside what a server has of its own."""
    import httpx2

    spec = library().openapi()
    client = httpx2.AsyncClient(base_url=api)
    # snippet: provider
    from fastmcp.server.providers.openapi import OpenAPIProvider

    mcp = FastMCP("Desk")
    mcp.add_provider(OpenAPIProvider(spec, client), namespace="library")

    @mcp.tool
    def open_hours() -> str:
        return "9 to 5"

    # end
    async with Client(mcp) as session:
        names = {tool.name for tool in await session.list_tools()}
        assert (await session.call_tool("library_list_books")).data == ["Momo", "Krabat"]
    assert {"open_hours", "library_read_book"} <= names
    await client.aclose()
