"""The protocol and its revisions: one server, whatever its client speaks."""

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from apps import BOTH, served

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import McpError, ToolError

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "protocol.md").read_text("utf-8")
HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")


async def test_a_server_speaks_what_its_client_does() -> None:
    """Nothing has to be said for it on either side."""
    # snippet: both
    from fastmcp import Client, Context, FastMCP

    mcp = FastMCP("Post office")

    @mcp.tool
    async def send(parcel: str, ctx: Context) -> str:
        answer = await ctx.elicit("Where to?", str)
        return f"{parcel} goes to {answer.data}, by the protocol of {ctx.protocol_version}"

    # end
    # snippet: modes
    async def ask_user(message, response_type, params, context):
        return "Rome"

    async def sent(mode: str) -> str:
        async with Client(mcp, mode=mode, elicitation_handler=ask_user) as client:
            return (await client.call_tool("send", {"parcel": "Tea"})).data

    assert await sent("auto") == "Tea goes to Rome, by the protocol of 2026-07-28"
    assert await sent("legacy") == "Tea goes to Rome, by the protocol of 2025-11-25"
    assert await sent("2025-06-18") == "Tea goes to Rome, by the protocol of 2025-06-18"
    # end
    with pytest.raises(ToolError, match="elicitation"):
        await sent("2025-03-26")


async def test_arguments_are_repeated_in_headers() -> None:
    """Where a tool's schema says so."""
    mcp = FastMCP("Post office")

    # snippet: header
    from typing import Annotated

    from pydantic import Field

    in_header = Field(json_schema_extra={"x-mcp-header": "Region"})

    @mcp.tool
    def track(parcel: str, region: Annotated[str, in_header]) -> str:
        return f"{parcel} is in {region}"

    # end
    async with Client(mcp) as client:
        [tool] = await client.list_tools()
        result = await client.call_tool("track", {"parcel": "Tea", "region": "eu"})
    assert tool.input_schema["properties"]["region"]["x-mcp-header"] == "Region"
    assert result.data == "Tea is in eu"

    from fastmcp.server.dependencies import get_http_headers

    @mcp.tool
    def seen(region: Annotated[str, in_header]) -> str | None:
        return get_http_headers(include_all=True).get("mcp-param-region")

    with served(mcp.http_app()) as url:
        async with Client(f"{url}/mcp") as client:
            await client.list_tools()
            assert (await client.call_tool("seen", {"region": "eu"})).data == "eu"
        _, headers, body = exchanges()[1]
        body["params"] |= {"name": "track", "arguments": {"parcel": "Tea", "region": "eu"}}
        headers["Mcp-Name"] = "track"
        async with httpx2.AsyncClient() as http:
            refused = await http.post(f"{url}/mcp", json=body, headers=headers)
            taken = await http.post(
                f"{url}/mcp", json=body, headers=headers | {"Mcp-Param-Region": "eu"}
            )
    assert refused.json()["error"]["code"] == -32020
    assert "result" in taken.json()


def exchanges() -> list[tuple[str, dict[str, str], dict[str, Any]]]:
    """The requests that the page shows: their first lines, headers and bodies."""
    blocks = re.findall(r"```http\n(.*?)```", PAGE, flags=re.S)
    found: list[tuple[str, dict[str, str], dict[str, Any]]] = []
    for block in blocks:
        head, _, body = block.partition("\n\n")
        first, *lines = head.splitlines()
        headers = dict(line.split(": ", 1) for line in lines)
        found.append((first, headers | {"Accept": BOTH}, json.loads(body)))
    return found


async def test_the_requests_of_the_page_are_answered() -> None:
    """As they stand there, in both eras."""
    mcp = FastMCP("Post office")

    @mcp.tool
    def price(grams: int) -> float:
        return grams / 100

    opening, call = exchanges()
    with served(mcp.http_app()) as url:
        async with httpx2.AsyncClient() as http:
            assert opening[0] == call[0] == "POST /mcp"
            opened = await http.post(f"{url}/mcp", json=opening[2], headers=opening[1])
            called = await http.post(f"{url}/mcp", json=call[2], headers=call[1])

    assert '"protocolVersion":"2025-11-25"' in opened.text
    assert "Mcp-Session-Id" in opened.headers
    assert called.json()["result"]["structuredContent"] == {"result": 2.5}
    assert called.json()["result"]["resultType"] == "complete"
    assert "Mcp-Session-Id" not in called.headers


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"Mcp-Name": "weight"}, -32020, 400),
        ({"MCP-Protocol-Version": "2026-01-01"}, -32020, 400),
        ({}, -32022, 400),
    ],
    ids=["name", "version", "unknown version"],
)
async def test_the_errors_of_the_modern_era(change: dict[str, str], code: int, status: int) -> None:
    """With the codes and statuses of the page's table."""
    mcp = FastMCP("Post office")
    _, headers, body = exchanges()[1]
    if not change:
        body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2027-01-01"
        change = {"MCP-Protocol-Version": "2027-01-01"}

    with served(mcp.http_app()) as url:
        async with httpx2.AsyncClient() as http:
            answer = await http.post(f"{url}/mcp", json=body, headers={**headers, **change})

    assert (answer.json()["error"]["code"], answer.status_code) == (code, status)
    assert f"| `{code}` |" in PAGE


async def test_an_unknown_method_is_not_found() -> None:
    """In the modern era by its status, too."""
    _, headers, body = exchanges()[1]
    with served(FastMCP("Post office").http_app()) as url:
        async with httpx2.AsyncClient() as http:
            answer = await http.post(
                f"{url}/mcp",
                json=body | {"method": "post/office"},
                headers=headers | {"Mcp-Method": "post/office"},
            )

    assert (answer.json()["error"]["code"], answer.status_code) == (-32601, 404)


@pytest.mark.parametrize("mode", [*HANDSHAKE, "2026-07-28"])
async def test_what_differs_is_as_the_table_says(mode: str) -> None:
    """Codes, sessions, pings, and who is told of changes."""
    mcp = FastMCP("Post office", cache_ttl=60)
    modern = mode == "2026-07-28"

    @mcp.tool
    def price(grams: int) -> float:
        return grams / 100

    @mcp.tool
    async def session(ctx: Context) -> str:
        return ctx.session_id

    async with Client(mcp, mode=mode) as client:
        with pytest.raises(McpError) as error:
            await client.read_resource("post://nowhere")
        assert error.value.code == (-32602 if modern else -32002)
        sessions = {(await client.call_tool("session")).data for _ in range(2)}
        assert len(sessions) == 1
        assert await client.ping()
        try:
            refused = await client.call_tool_mcp("price", {"grams": "a lot"})
            assert refused.is_error and mode >= "2025-11-25"
        except McpError as wrong:
            assert wrong.code == -32602 and mode < "2025-11-25"
        listed = await client.list_tools_mcp()
        assert (listed.ttl_ms == 60_000) is modern


async def test_every_revision_is_on_the_page() -> None:
    """Those that are spoken, and no others."""
    from fastmcp.wire.revisions import REVISIONS

    table = PAGE.split("| revision | ")[1].split("\n\n")[0]

    assert tuple(re.findall(r"^\| (\d\S+) \|", table, re.M)) == tuple(map(str, REVISIONS))
