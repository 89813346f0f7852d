"""Interfaces: tools with a page, as hosts are told of them."""

from fastmcp import Client


async def test_a_tool_has_a_page() -> None:
    """Its list entry names the page, which is read as any resource."""
    # snippet: tool
    from fastmcp import FastMCP
    from fastmcp.apps import AppConfig

    mcp = FastMCP("Clock")

    @mcp.tool(app=AppConfig(resource_uri="ui://clock"))
    def time_in(city: str) -> dict[str, str]:
        """What time it is in a city."""
        return {"city": city, "time": "12:00"}

    # end
    # snippet: page
    html = """<!doctype html>
    <p id="time"></p>
    <script>
      const send = (message) => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
      addEventListener("message", ({ data }) => {
        if (data.id === 1) send({ method: "ui/notifications/initialized" });
        if (data.method === "ui/notifications/tool-result")
          document.getElementById("time").textContent = data.params.structuredContent.time;
      });
      send({ id: 1, method: "ui/initialize", params: {
        protocolVersion: "2026-01-26",
        appInfo: { name: "clock", version: "1" },
        appCapabilities: {},
      } });
    </script>"""

    @mcp.resource("ui://clock")
    def clock() -> str:
        return html

    # end
    async with Client(mcp) as client:
        [tool] = await client.list_tools()
        [page] = await client.read_resource("ui://clock")
        result = await client.call_tool("time_in", {"city": "Bern"})

    assert tool.meta is not None and tool.meta["ui"] == {"resourceUri": "ui://clock"}
    assert page.mime_type == "text/html;profile=mcp-app"
    assert result.structured_content == {"city": "Bern", "time": "12:00"}

    # snippet: permissions
    from fastmcp.apps import ResourceCSP, ResourcePermissions

    csp = ResourceCSP(connect_domains=["https://time.example"])
    asked = ResourcePermissions(geolocation={})

    @mcp.resource("ui://clock/here", app=AppConfig(csp=csp, permissions=asked))
    def clock_here() -> str:
        return html

    # end
    # snippet: visibility
    @mcp.tool(app=AppConfig(resource_uri="ui://clock", visibility=["app"]))
    def tick(city: str) -> dict[str, str]:
        return time_in(city)

    # end
    async with Client(mcp) as client:
        resources = {str(each.uri): each for each in await client.list_resources()}
        tools = {each.name: each for each in await client.list_tools()}

    here = resources["ui://clock/here"].meta
    assert here is not None
    assert here["ui"]["csp"] == {"connectDomains": ["https://time.example"]}
    assert here["ui"]["permissions"] == {"geolocation": {}}
    hidden = tools["tick"].meta
    assert hidden is not None and hidden["ui"]["visibility"] == ["app"]
