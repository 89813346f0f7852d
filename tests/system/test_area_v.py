"""Area V: FastAPI applications with an MCP server in them, row by row."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from apps import SECONDS, Mcp, http, initialize, served
from fastapi import FastAPI
from processes import free_port, http_server, stdio_server

from fastmcp import Client, FastMCP
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import ToolError

EXAMPLE = Path(__file__).parents[2] / "examples" / "hybrid.py"
ORIGIN = "https://app.example"
KEY = {"authorization": "Bearer secret"}

Script = Callable[..., Path]


class Articles:
    """A service that looks things up, on the loop that it is called on, and remembers them."""

    def __init__(self) -> None:
        self.lookups = 0
        self.loops: set[int] = set()
        self._cache: dict[str, str] = {}

    async def find(self, name: str) -> str:
        self.loops.add(id(asyncio.get_running_loop()))
        if name not in self._cache:
            self.lookups += 1
            await asyncio.sleep(0)
            self._cache[name] = name.title()
        return self._cache[name]


def calls(url: str, *names: tuple[str, dict[str, Any]], **headers: str) -> list[Any]:
    """What these tools give, over one client."""

    async def main() -> list[Any]:
        async with Client(StreamableHttpTransport(url, headers=headers), timeout=SECONDS) as client:
            return [(await client.call_tool(name, args)).data for name, args in names]

    return asyncio.run(main())


HYBRID = """
    import os

    import uvicorn
    from fastapi import FastAPI
    from fastmcp import FastMCP

    mcp = FastMCP("hybrid")

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    mcp_app = mcp.http_app(path="/mcp")
    app = FastAPI(lifespan=mcp_app.lifespan)

    @app.get("/api/status")
    def status() -> dict[str, str]:
        return {"status": "ok"}

    app.mount("/", mcp_app)

    if __name__ == "__main__":
        uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]))
"""


def test_s320_a_hybrid_application_serves_mcp_beside_its_routes(script: Script, log: Path) -> None:
    """FastAPI with a mount, run by uvicorn.run(app) in a program of its own."""
    port = free_port()
    with http_server([script(HYBRID)], log, env={"PORT": str(port)}, port=port) as server:
        base = f"http://127.0.0.1:{port}"
        assert calls(f"{base}/mcp", ("add", {"a": 2, "b": 3})) == [5]
        assert httpx2.get(f"{base}/api/status").json() == {"status": "ok"}
        assert server.process.poll() is None


def test_s321_tools_and_routes_share_one_service() -> None:
    """One loop, one cache: what the API looked up is a hit for the tool, and the other way."""
    articles = Articles()
    mcp = FastMCP("articles")
    mcp.tool(articles.find)
    mcp_app = mcp.http_app()
    api = FastAPI(lifespan=mcp_app.lifespan)
    api.get("/articles/{name}")(articles.find)
    api.mount("/", mcp_app)

    with http(api) as client:
        got = [client.client.get(f"{client.base}/articles/{n}").json() for n in ("tea", "tea")]
        told = calls(client.url, ("find", {"name": "tea"}), ("find", {"name": "milk"}))
        got.append(client.client.get(f"{client.base}/articles/milk").json())

    assert got == ["Tea", "Tea", "Milk"]
    assert told == ["Tea", "Milk"]
    assert articles.lookups == 2
    assert len(articles.loops) == 1


def test_s322_urls_of_media_stay_structured_data() -> None:
    """Nested data with addresses arrives as it was returned, as text and as structure."""
    media = {
        "title": "Film",
        "images": [{"url": "https://media.example/a.jpg?w=1&h=2#x", "width": 640}],
        "video": {"url": "https://media.example/ä b.mp4", "seconds": 12.5},
    }
    mcp = FastMCP("media")

    @mcp.tool
    def film() -> dict[str, Any]:
        return media

    mcp_app = mcp.http_app()
    api = FastAPI(lifespan=mcp_app.lifespan)
    api.mount("/media", mcp_app)

    async def main(url: str) -> Any:
        async with Client(url, timeout=SECONDS) as client:
            return await client.call_tool("film")

    with served(api) as base:
        result = asyncio.run(main(f"{base}/media/mcp"))

    assert result.data == media
    assert result.structured_content == media


BY_ENVIRONMENT = """
    import os
    from fastmcp import FastMCP

    mcp = FastMCP("either")

    @mcp.tool
    def transport() -> str:
        return os.environ.get("MCP_TRANSPORT", "stdio")

    if __name__ == "__main__":
        if os.environ.get("MCP_TRANSPORT", "stdio") == "http":
            mcp.run(transport="http", host="127.0.0.1", port=int(os.environ["PORT"]))
        else:
            mcp.run()
"""


def test_s323_one_program_serves_what_its_environment_says(script: Script, log: Path) -> None:
    """Standard input and output without MCP_TRANSPORT, HTTP with it."""
    program = script(BY_ENVIRONMENT)
    port = free_port()
    env = {"MCP_TRANSPORT": "http", "PORT": str(port)}

    with stdio_server([program]) as server:
        assert server.ask(initialize())["result"]["serverInfo"]["name"] == "either"
    with http_server([program], log, env=env, port=port):
        assert calls(f"http://127.0.0.1:{port}/mcp", ("transport", {})) == ["http"]


def test_s324_a_second_application_of_both_route_lists_serves_both() -> None:
    """The first FastAPI application's routes, with their documentation, and those of MCP."""
    api = FastAPI(title="API")

    @api.get("/products/{id}")
    def product(id: int) -> dict[str, int]:
        return {"id": id}

    mcp = FastMCP("shop")
    mcp.tool(lambda: "sold", name="sell")
    mcp_app = mcp.http_app(path="/mcp")
    combined = FastAPI(
        title="API with MCP",
        routes=[*mcp_app.routes, *api.routes],
        lifespan=mcp_app.lifespan,
    )

    with http(combined) as client:
        get = client.client.get
        assert calls(client.url, ("sell", {})) == ["sold"]
        assert get(f"{client.base}/products/7").json() == {"id": 7}
        assert get(f"{client.base}/products/x").status_code == 422
        assert "/products/{id}" in get(f"{client.base}/openapi.json").json()["paths"]


def test_s325_tools_read_the_state_of_the_parent() -> None:
    """By closure over the parent, as it is at the call."""
    mcp = FastMCP("inner")

    @mcp.tool
    def region() -> str:
        return parent.state.region

    mcp_app = mcp.http_app()
    parent = FastAPI(lifespan=mcp_app.lifespan)
    parent.mount("/inner", mcp_app)
    parent.state.region = "north"

    with served(parent) as base:
        seen = calls(f"{base}/inner/mcp", ("region", {}))
        parent.state.region = "south"
        seen += calls(f"{base}/inner/mcp", ("region", {}))

    assert seen == ["north", "south"]


@pytest.fixture(scope="module")
def example() -> Iterator[tuple[ModuleType, Mcp]]:
    """The example examples/hybrid.py, and a client of it."""
    spec = importlib.util.spec_from_file_location("hybrid", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["hybrid"] = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("API_KEY", "secret")
        spec.loader.exec_module(module)
    with http(module.app) as client:
        yield module, client
    del sys.modules["hybrid"]


Example = tuple[ModuleType, Mcp]


def test_s326_pages_of_listed_origins_use_both(example: Example) -> None:
    """CORS: preflights are answered before the key is asked for, and the session id is readable."""
    _, client = example
    wanted = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,mcp-session-id",
    }

    def preflight(path: str, origin: str) -> Any:
        headers = {"origin": origin, **wanted}
        answer = client.client.request("OPTIONS", client.base + path, headers=headers)
        return answer.headers.get("access-control-allow-origin")

    opened = client.post(initialize(), {"origin": ORIGIN, **KEY})
    refused = client.post(initialize(), {"origin": "https://evil.example", **KEY})

    assert [preflight(path, ORIGIN) for path in ("/films/Tea", "/mcp")] == [ORIGIN] * 2
    assert preflight("/mcp", "https://evil.example") is None
    assert opened.headers["access-control-allow-origin"] == ORIGIN
    assert "mcp-session-id" in opened.headers["access-control-expose-headers"]
    assert refused.status_code == 403


def test_s326_one_key_opens_both(example: Example) -> None:
    """Without it 401 with a challenge, before anything of either is reached."""
    _, client = example

    answers = [client.client.get(f"{client.base}/films/Tea"), client.post(initialize())]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert [answer.headers["www-authenticate"] for answer in answers] == ["Bearer"] * 2
    assert client.client.get(f"{client.base}/films/Tea", headers=KEY).status_code == 200
    assert client.post(initialize(), KEY).status_code == 200


def test_s326_requests_and_calls_are_limited(example: Example) -> None:
    """So many requests a minute, and so many tool calls at a time."""
    module, client = example
    room = module.CALLS_AT_A_TIME

    async def at_once() -> list[str]:
        transport = StreamableHttpTransport(client.url, headers=KEY)
        async with Client(transport, timeout=SECONDS) as inner:

            async def one(number: int) -> str:
                try:
                    title = "Film" + chr(ord("a") + number)
                    await inner.call_tool("find_film", {"title": title})
                except ToolError as error:
                    return str(error)
                return "found"

            return await asyncio.gather(*[one(number) for number in range(room + 4)])

    async def statuses() -> list[int]:
        limited = module.Limited(module.JSONResponse("in"), a_minute=3)
        transport = httpx2.ASGITransport(limited)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as inner:
            return [(await inner.get("/")).status_code for _ in range(4)]

    outcomes = asyncio.run(at_once())
    assert outcomes.count("found") >= room
    assert set(outcomes) <= {"found", "Too many calls at a time; try again"}
    assert asyncio.run(statuses()) == [200, 200, 200, 429]


def test_s326_requests_and_tool_calls_are_watched(example: Example) -> None:
    """One set of figures for both, failures apart."""
    module, client = example
    module.figures.clear()

    with pytest.raises(ToolError, match="no film '7'"):
        calls(
            client.url, ("find_film", {"title": "Metropolis"}), ("find_film", {"title": "7"}), **KEY
        )
    client.client.get(f"{client.base}/films/7", headers=KEY)
    figures = client.client.get(f"{client.base}/figures", headers=KEY).json()

    assert figures["find_film answered"] == 1
    assert figures["find_film failed"] == 1
    assert figures["http 404"] == 1
    assert figures["http 200"] >= 3


def test_s326_both_share_the_cache_and_the_state(example: Example) -> None:
    """A film that the API looked up is a hit for the tool, and its address arrives whole."""
    module, client = example
    found = client.client.get(f"{client.base}/films/Nosferatu", headers=KEY).json()
    before = module.films.lookups

    told, release = calls(client.url, ("find_film", {"title": "Nosferatu"}), ("release", {}), **KEY)

    assert told == found
    assert told["media"]["poster"] == "https://media.example/posters/nosferatu.jpg"
    assert module.films.lookups == before
    assert release == "2026.11"


def test_s326_health_needs_no_key(example: Example) -> None:
    """It says that the MCP server runs, too."""
    _, client = example

    assert client.client.get(f"{client.base}/health").json() == {"status": "healthy"}
