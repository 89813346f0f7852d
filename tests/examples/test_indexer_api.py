"""The indexer in FastAPI: REST beside MCP, and a proxy, all of one service."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

import httpx2
import pytest
from indexing import health, indexer, notes, proxy, settled
from processes import SECONDS, HttpServer

from fastmcp import Client


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[HttpServer]:
    """An application with ten documents."""
    folder = tmp_path_factory.mktemp("indexer")
    with indexer(folder, "api", INDEXER_CORPUS=str(notes(folder / "notes", 10))) as server:
        settled(server)
        yield server


@pytest.fixture
def rest(server: HttpServer) -> Generator[httpx2.Client]:
    """A client of its REST endpoints."""
    base = server.url.removesuffix("/mcp")
    with httpx2.Client(base_url=base, timeout=SECONDS) as client:
        yield client


def test_rest_http_and_stdio_see_one_index(server: HttpServer, rest: httpx2.Client) -> None:
    """What is added by any of them is found by all, and what one deletes is gone for all."""

    async def main() -> None:
        async with Client(server.url) as direct, Client(proxy(server.url)) as proxied:

            async def found(word: str) -> list[list[str]]:
                """What each of the three finds, once nothing waits."""
                async with asyncio.timeout(SECONDS):
                    while (await direct.call_tool("stats")).data.pending:
                        await asyncio.sleep(0.01)
                by_rest = (await asyncio.to_thread(rest.get, "/search", params={"q": word})).json()
                by_mcp = [await c.call_tool("search", {"query": word}) for c in (direct, proxied)]
                answers = [by_rest, *(result.structured_content for result in by_mcp)]
                return [[hit["id"] for hit in answer["hits"]] for answer in answers]

            new = {"title": "Zoo", "text": "zebra"}
            one = (await asyncio.to_thread(rest.post, "/documents", json=new)).json()["id"]
            assert await found("zebra") == [[one]] * 3
            new = {"title": "Stable", "text": "zebra zebra zebra"}
            two = (await direct.call_tool("add_document", new)).data.id
            assert await found("zebra") == [[two, one]] * 3
            new = {"title": "Zebra", "text": "zebra"}
            three = (await proxied.call_tool("add_document", new)).data.id
            assert await found("zebra") == [[three, two, one]] * 3

            assert (await proxied.call_tool("delete_document", {"id": one})).data is True
            assert (await asyncio.to_thread(rest.delete, f"/documents/{two}")).status_code == 204
            await direct.call_tool("delete_document", {"id": three})
            assert await found("zebra") == [[]] * 3

    asyncio.run(main())


def test_rest_has_the_documents_and_the_numbers(server: HttpServer, rest: httpx2.Client) -> None:
    """With the statuses that belong to them, beside the server's own route."""
    accepted = rest.post("/documents", json={"title": "Note 3", "text": "Something else"})
    assert (accepted.status_code, accepted.json()["queued"]) == (202, True)
    assert rest.delete(f"/documents/{accepted.json()['id']}").status_code == 204
    document = rest.get("/documents/notes/3.md")
    assert (document.status_code, document.json()["title"]) == (200, "Note 3")
    assert rest.get("/documents/missing").status_code == 404
    assert rest.get("/search").status_code == 422
    assert rest.get("/search", params={"q": '"', "limit": 51}).status_code == 422
    assert rest.get("/search", params={"q": 'NEAR("'}).json() == {"hits": [], "pending": 0}
    assert rest.post("/documents", json={"title": "", "text": "x"}).status_code == 422
    assert rest.post("/documents", content=b'{"title": "x", "text": "\\ud800"}').status_code == 422
    assert rest.get("/stats").json()["documents"] == health(server)["documents"] == 10
    assert "/documents/{id}" in rest.get("/openapi.json").json()["paths"]


def test_what_rest_deletes_an_mcp_client_hears_of(server: HttpServer, rest: httpx2.Client) -> None:
    """Since both tell the same service."""
    new = {"title": "News", "text": "soon gone"}
    id = rest.post("/documents", json=new).json()["id"]

    async def main() -> list[Any]:
        told: asyncio.Queue[Any] = asyncio.Queue()
        async with Client(server.url, message_handler=told.put_nowait) as client:
            await client.subscribe_resource(f"documents://{id}")
            await asyncio.to_thread(rest.delete, f"/documents/{id}")
            return await asyncio.wait_for(told.get(), SECONDS)

    assert asyncio.run(main()).params.uri == f"documents://{id}"
