"""The REST view: tools, resources and prompts for those who speak plain HTTP."""


async def test_a_server_over_plain_http() -> None:
    """Lists, calls, resources, prompts, errors, and the document that describes them."""
    # snippet: server
    from fastmcp import FastMCP

    mcp = FastMCP("Weather")

    @mcp.tool
    def temperature(city: str, days: int = 1) -> dict[str, float]:
        """The temperature in a city."""
        if city == "Atlantis":
            raise ValueError("There is no such city")
        return {"celsius": 20.5 + days}

    @mcp.tool
    def summary(city: str) -> str:
        return f"{city}: warm and dry"

    @mcp.resource("stations/list")
    def stations(country: str = "all") -> list[str]:
        """The stations of a country."""
        return ["Bern"] if country == "CH" else ["Bern", "Oslo"]

    @mcp.resource("weather://{city}/today", mime_type="text/markdown")
    def today(city: str) -> str:
        return f"# {city}\n\nWarm."

    @mcp.prompt
    def forecast(city: str) -> str:
        return f"Write a forecast for {city}"

    # end

    # snippet: calls
    from fastmcp.testing import asgi_server

    async with asgi_server(mcp, rest=True) as server, server.http_client() as client:
        tools = await client.get("/tools")
        data = await client.post("/tools/temperature", json={"city": "Bern", "days": 2})
        text = await client.post("/tools/summary", json={"city": "Bern"})

    assert [tool["name"] for tool in tools.json()] == ["temperature", "summary"]
    assert data.json() == {"celsius": 22.5}
    assert text.json() == "Bern: warm and dry"
    # end

    # snippet: resources
    async with asgi_server(mcp, rest=True) as server, server.http_client() as client:
        by_name = await client.get("/resources/stations/list?country=CH")
        by_uri = await client.get("/resources/weather://Bern/today")
        by_function = await client.get("/resources/today?city=Bern")

    assert by_name.json() == ["Bern"]
    assert by_name.headers["content-type"] == "application/json"
    assert by_uri.text == by_function.text == "# Bern\n\nWarm."
    assert by_uri.headers["content-type"] == "text/markdown; charset=utf-8"
    # end

    # snippet: prompts
    async with asgi_server(mcp, rest=True) as server, server.http_client() as client:
        by_query = await client.get("/prompts/forecast?city=Bern")
        by_body = await client.post("/prompts/forecast", json={"city": "Bern"})

    assert by_query.json() == by_body.json()
    [message] = by_body.json()["messages"]
    assert message["content"] == {"type": "text", "text": "Write a forecast for Bern"}
    # end

    # snippet: errors
    async with asgi_server(mcp, rest=True) as server, server.http_client() as client:
        unknown = await client.post("/tools/humidity", json={})
        misfit = await client.post("/tools/temperature", json={"days": "two"})
        failed = await client.post("/tools/temperature", json={"city": "Atlantis"})

    assert unknown.status_code == 404
    assert unknown.json() == {"error": {"message": "Unknown tool: 'humidity'"}}
    assert misfit.status_code == 422
    assert [each["path"] for each in misfit.json()["error"]["details"]] == [["city"], ["days"]]
    assert failed.status_code == 500
    # end
    assert "There is no such city" in failed.text

    # snippet: openapi
    async with asgi_server(mcp, rest=True) as server, server.http_client() as client:
        document = (await client.get("/openapi.json")).json()

    operation = document["paths"]["/tools/temperature"]["post"]
    assert operation["description"] == "The temperature in a city."
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["city"]
    # end
