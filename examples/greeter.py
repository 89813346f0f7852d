"""A whole MCP server: one tool, one resource, one prompt."""

from fastmcp import FastMCP

mcp = FastMCP("Greeter")


@mcp.tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@mcp.resource("greeting://{name}")
def greeting(name: str) -> str:
    """A greeting for anybody."""
    return f"Hello, {name}!"


@mcp.prompt
def review(code: str) -> str:
    """Ask for a review."""
    return f"Please review this code:\n\n{code}"


if __name__ == "__main__":
    mcp.run()
