"""The home page: a server and its client, as short as they get."""


async def test_a_function_is_a_server() -> None:
    """And whoever knows its name can call it."""
    # snippet: server
    from fastmcp import FastMCP

    mcp = FastMCP("Calculator")

    @mcp.tool
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    # end
    # snippet: client
    from fastmcp import Client

    async with Client(mcp) as client:  # or a URL, a file, a command
        result = await client.call_tool("add", {"a": 2, "b": 3})

    assert result.data == 5
    # end
