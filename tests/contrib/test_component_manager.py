"""Components that are shown and hidden over HTTP."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from fastmcp import Client, FastMCP
from fastmcp.contrib.component_manager import set_up_component_manager
from fastmcp.testing import run_server_async

OWNERS = {
    "reader": {"sub": "r", "scopes": ["mcp:read"]},
    "writer": {"sub": "w", "scopes": ["mcp:read", "mcp:write"]},
    "mounted": {"sub": "m", "scopes": ["mcp:read", "mounted:write"]},
}


def make_server(**options: Any) -> FastMCP:
    """A server with a component of each kind, one of them in two versions."""
    mcp = FastMCP(**options)
    for version in ("1", "2"):
        mcp.tool(lambda: 0, name="greet", version=version)
    mcp.resource("data://a", name="a")(lambda: "a")
    mcp.resource("data://of/{name}", name="of")(lambda name: name)
    mcp.prompt(lambda: "hello", name="hello")
    return mcp


async def post(url: str, path: str, token: str | None = None) -> httpx2.Response:
    """Ask the server behind an endpoint."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=url.removesuffix("/mcp")) as http:
        return await http.post(path, headers=headers)


async def shown(url: str, **options: Any) -> set[str]:
    """The names and URIs that a client is shown."""
    async with Client(url, **options) as client:
        return {
            *(each.name for each in await client.list_tools()),
            *(str(each.uri) for each in await client.list_resources()),
            *(each.uri_template for each in await client.list_resource_templates()),
            *(each.name for each in await client.list_prompts()),
        }


@pytest.mark.parametrize(
    ("place", "name", "message"),
    [
        ("tools", "greet", "tool: greet"),
        ("resources", "data://a", "resource: data://a"),
        ("resources", "data://of/{name}", "resource: data://of/{name}"),
        ("prompts", "hello", "prompt: hello"),
    ],
)
async def test_a_component_is_hidden_and_shown_again(place: str, name: str, message: str) -> None:
    """Clients see it at once, and nothing else changes."""
    mcp = make_server()
    set_up_component_manager(server=mcp)

    async with run_server_async(mcp) as url:
        everything = await shown(url)
        for _ in range(2):  # what is so already stays so
            answer = await post(url, f"/{place}/{name}/disable")
            assert (answer.status_code, answer.json()) == (200, {"message": f"Disabled {message}"})
        assert everything - await shown(url) == {name}
        answer = await post(url, f"/{place}/{name}/enable")
        assert answer.json() == {"message": f"Enabled {message}"}
        assert await shown(url) == everything


async def test_one_version_can_be_meant() -> None:
    """Clients get the highest that is left."""
    mcp = make_server()
    set_up_component_manager(mcp, path="/admin/")

    async with run_server_async(mcp) as url:
        answer = await post(url, "/admin/tools/greet/disable?version=2")
        assert answer.status_code == 200
        async with Client(url) as client:
            [tool] = await client.list_tools()
            assert (tool.meta or {})["fastmcp"]["version"] == "1"


async def test_what_there_is_not_cannot_be_hidden() -> None:
    """It is told, and only POST changes anything."""
    mcp = make_server()
    set_up_component_manager(mcp)

    async with run_server_async(mcp) as url:
        for path, text in (
            ("/tools/great/disable", "There is no tool 'great'"),
            ("/tools/greet/disable?version=3", "There is no tool 'greet' in version '3'"),
            ("/prompts/greet/enable", "There is no prompt 'greet'"),
        ):
            answer = await post(url, path)
            assert (answer.status_code, answer.json()) == (404, {"error": text})
        async with httpx2.AsyncClient(base_url=url.removesuffix("/mcp")) as http:
            assert (await http.get("/tools/greet/disable")).status_code == 405


@pytest.mark.parametrize("scopes", [None, [], ["mcp:write"]])
async def test_who_may_not_call_the_server_may_not_change_it(scopes: list[str] | None) -> None:
    """401 without a token, 403 with one that lacks a scope, which the challenge names."""
    mcp = make_server(auth=OWNERS)
    set_up_component_manager(mcp, required_scopes=scopes)

    async with run_server_async(mcp) as url:
        for token in (None, "wrong"):
            answer = await post(url, "/tools/greet/disable", token)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
        answer = await post(url, "/tools/greet/disable", "reader")
        assert answer.status_code == (403 if scopes else 200)
        assert ("mcp:write" in answer.headers.get("www-authenticate", "")) is bool(scopes)
        assert (await post(url, "/tools/greet/enable", "writer")).status_code == 200


@pytest.mark.parametrize("scopes", [[], ["mcp:write"]])
async def test_scopes_close_the_routes_of_an_open_server(scopes: list[str]) -> None:
    """There is nobody who could have them."""
    mcp = make_server()
    set_up_component_manager(mcp, required_scopes=scopes)

    async with run_server_async(mcp) as url:
        assert (await post(url, "/tools/greet/disable", "writer")).status_code == 401
        assert "greet" in await shown(url)


async def test_a_mounted_server_is_managed_by_itself() -> None:
    """By whoever the server lets in that it is mounted on, with scopes of its own."""
    inner = make_server()
    set_up_component_manager(inner, "/inner", required_scopes=["mounted:write"])
    mcp = FastMCP(auth=OWNERS)
    set_up_component_manager(mcp, required_scopes=["mcp:write"])
    mcp.mount(inner, namespace="mo")

    async with run_server_async(mcp) as url:
        assert (await post(url, "/inner/tools/greet/disable")).status_code == 401
        assert (await post(url, "/inner/tools/greet/disable", "writer")).status_code == 403
        assert (await post(url, "/tools/mo_greet/disable", "mounted")).status_code == 403
        assert "mo_greet" in await shown(url, auth="reader")
        assert (await post(url, "/inner/tools/greet/disable", "mounted")).status_code == 200
        assert "mo_greet" not in await shown(url, auth="reader")
        assert (await post(url, "/prompts/mo_hello/disable", "writer")).status_code == 200
        assert "mo_hello" not in await shown(url, auth="reader")
