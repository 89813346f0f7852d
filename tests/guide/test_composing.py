"""Composing: servers in applications, and routes beside servers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from apps import Mcp, call, initialize, served

from fastmcp import Client, FastMCP


def text_of(answer: Any) -> str:
    return answer.json()["result"]["content"][0]["text"]


async def called(url: str, tool: str, arguments: Any = None) -> Any:
    async with Client(url, timeout=20) as client:
        return (await client.call_tool(tool, arguments)).data


def test_a_server_is_mounted_in_an_application() -> None:
    """FastAPI beside MCP, with one lifespan for both."""
    # snippet: mount
    from fastapi import FastAPI

    from fastmcp import FastMCP

    mcp = FastMCP("Weather")

    @mcp.tool
    def temperature() -> float:
        return 21.5

    mcp_app = mcp.http_app(path="/")
    app = FastAPI(lifespan=mcp_app.lifespan)
    app.mount("/mcp", mcp_app)  # serves /mcp

    @app.get("/stations")
    def stations() -> list[str]:
        return ["Bern", "Oslo"]

    # end
    with served(app) as base, Mcp(base) as client:
        assert asyncio.run(called(f"{base}/mcp", "temperature")) == 21.5
        assert client.client.get(f"{base}/stations").json() == ["Bern", "Oslo"]


def test_several_servers_are_mounted_in_one_application() -> None:
    """Each with its prefix; their lifespans and the application's own are combined."""
    began: list[str] = []
    # snippet: several
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette
    from starlette.routing import Mount

    from fastmcp.utilities.lifespan import combine_lifespans

    north, south = FastMCP("North").http_app(), FastMCP("South").http_app()

    async def own(app: Starlette) -> AsyncIterator[None]:
        app.state.database = "open"
        yield
        app.state.database = "closed"

    world = Starlette(
        routes=[Mount("/north", north), Mount("/south", south)],  # serves /north/mcp, /south/mcp
        lifespan=combine_lifespans(own, north.lifespan, south.lifespan),
    )
    # end
    with served(world) as base, Mcp(base) as client:
        names = [
            client.post(initialize(), path=f"/{side}/mcp").json()["result"]["serverInfo"]["name"]
            for side in ("north", "south")
        ]
        began.append(world.state.database)
    assert names == ["North", "South"]
    assert (began, world.state.database) == (["open"], "closed")


def test_a_session_manager_is_run_on_a_stack() -> None:
    """What `lifespan=` does, among other things that are opened."""
    mcp = FastMCP("Weather")
    mcp.tool(lambda: 21.5, name="temperature")
    # snippet: manager
    from contextlib import AsyncExitStack, asynccontextmanager

    from starlette.applications import Starlette

    @asynccontextmanager
    async def everything(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(mcp.session_manager.run())
            yield

    hosting = Starlette(lifespan=everything)
    hosting.mount("/", mcp.http_app())
    # end
    with served(hosting) as base:
        assert asyncio.run(called(f"{base}/mcp", "temperature")) == "21.5"


def test_the_routes_of_both_are_put_into_one_application() -> None:
    """Without a prefix, in a list of routes."""
    mcp = FastMCP("Weather")
    mcp.tool(lambda: 21.5, name="temperature")
    # snippet: splat
    from fastapi import APIRouter, FastAPI

    api = APIRouter()

    @api.get("/cities")
    def cities() -> list[str]:
        return ["Bern"]

    mcp_app = mcp.http_app()
    flat = FastAPI(routes=[*mcp_app.routes, *api.routes], lifespan=mcp_app.lifespan)
    # end
    with served(flat) as base, Mcp(base) as client:
        assert text_of(client.post(call("temperature"))) == "21.5"
        assert client.post(initialize(), {"host": "evil.example"}).status_code == 421
        assert client.client.get(f"{base}/cities").json() == ["Bern"]


def test_routes_stand_beside_the_endpoint() -> None:
    """Handlers take the request or nothing, and return responses or data."""
    mcp = FastMCP("Weather")
    # snippet: routes
    from starlette.requests import Request

    @mcp.custom_route("/version", methods=["GET"])
    def version() -> dict[str, str]:
        return {"version": "1.2"}

    @mcp.custom_route("/readings/{city}", methods=["POST"])
    async def add_reading(request: Request) -> tuple[dict[str, str], int]:
        return {"city": request.path_params["city"]}, 201

    # end
    with served(mcp.http_app()) as base, Mcp(base) as client:
        assert client.client.get(f"{base}/version").json() == {"version": "1.2"}
        added = client.client.post(f"{base}/readings/Bern")
        assert (added.status_code, added.json()) == (201, {"city": "Bern"})


def test_servers_are_composed_to_one() -> None:
    """With workflows over them."""
    # snippet: composer
    from fastmcp import FastMCP
    from fastmcp.composition import ServerComposer

    users, mail = FastMCP("Users"), FastMCP("Mail")

    @users.tool
    def find(name: str) -> dict[str, str]:
        return {"name": name, "address": f"{name}@example.com"}

    @mail.tool
    def send(address: str, text: str) -> bool:
        return True

    composer = ServerComposer("Office")
    composer.add_server("users", users)  # users_find
    composer.add_server("mail", mail)  # mail_send

    @composer.workflow
    def greet(name: str) -> bool:
        """Write a greeting to a user."""
        user = composer.call_tool("users", "find", {"name": name})
        return composer.call_tool("mail", "send", {"address": user["address"], "text": "Hello"})

    if __name__ == "__main__":
        composer.run()
    # end
    assert greet("ada") is True
    with served(composer.http_app()) as base:
        assert asyncio.run(called(f"{base}/mcp", "greet", {"name": "ada"})) is True
        assert asyncio.run(called(f"{base}/mcp", "users_find", {"name": "ada"}))["name"] == "ada"
