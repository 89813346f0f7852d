"""OpenAPI: servers of HTTP APIs."""

import pytest
from apps import served

from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import ToolError


async def test_an_api_becomes_a_server() -> None:
    """From an application in the process, and from a document; as maps and functions say."""
    # snippet: app
    from fastapi import FastAPI, HTTPException

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

    # end
    # snippet: fastapi
    from fastmcp import Client, FastMCP

    mcp = FastMCP.from_fastapi(app)

    async with Client(mcp) as client:
        listed = await client.call_tool("list_books", {"limit": 1})
        assert listed.data == ["Momo"]
        book = await client.call_tool("read_book", {"book_id": 2})
        assert book.structured_content == {"title": "Krabat"}
    # end
    async with Client(mcp) as client:
        with pytest.raises(ToolError, match=r"HTTP error 404: Not Found - .*no such book"):
            await client.call_tool("read_book", {"book_id": 9})

    # snippet: document
    import httpx2

    spec = app.openapi()  # or json.loads(...), or yaml.safe_load(...)
    api = httpx2.AsyncClient(
        base_url="http://localhost:8000",
        headers={"Authorization": "Bearer secret"},
        timeout=10,
    )
    mcp = FastMCP.from_openapi(spec, client=api, name="Library")
    # end
    with served(app) as base:
        api.base_url = base
        async with Client(mcp) as client:
            assert (await client.call_tool("list_books")).data == ["Momo", "Krabat"]
    await api.aclose()

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

    async with Client(mcp) as client:
        assert [tool.name for tool in await client.list_tools()] == ["add_book"]
        titles = await client.read_resource("resource://list_books")
        assert titles[0].text == '["Momo","Krabat"]'
        book = await client.read_resource("resource://read_book/1")
        assert book[0].text == '{"title":"Momo"}'
    # end

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

    # snippet: provider
    from fastmcp.server.providers.openapi import OpenAPIProvider

    mcp = FastMCP("Desk")
    mcp.add_provider(OpenAPIProvider(spec, api), namespace="library")

    @mcp.tool
    def open_hours() -> str:
        return "9 to 5"

    # end
    async with Client(mcp) as client:
        names = {tool.name for tool in await client.list_tools()}
    assert {"open_hours", "library_read_book"} <= names


async def test_headers_go_on_when_somebody_sends_them_on() -> None:
    """A hook of the client does."""
    # snippet: headers
    import httpx2

    from fastmcp.server.dependencies import get_http_headers

    async def pass_on(request: httpx2.Request) -> None:
        if trace := get_http_headers().get("traceparent"):
            request.headers["traceparent"] = trace

    api = httpx2.AsyncClient(base_url="http://localhost:8000", event_hooks={"request": [pass_on]})
    # end
    from fastapi import FastAPI, Request

    from fastmcp import FastMCP

    app = FastAPI()

    @app.get("/seen", operation_id="seen")
    def seen(request: Request) -> dict[str, str | None]:
        return {name: request.headers.get(name) for name in ("traceparent", "x-other")}

    here = httpx2.ASGITransport(app=app)
    hooked = httpx2.AsyncClient(base_url=api.base_url, transport=here, event_hooks=api.event_hooks)
    mcp = FastMCP.from_openapi(app.openapi(), hooked)
    with served(mcp.http_app()) as url:
        sent = {"traceparent": "00-1-2-01", "x-other": "1"}
        async with Client(StreamableHttpTransport(f"{url}/mcp", headers=sent)) as client:
            told = (await client.call_tool("seen")).structured_content

    assert told == {"traceparent": "00-1-2-01", "x-other": None}
