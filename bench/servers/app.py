"""The server that is measured, on the public FastMCP API: the same source for every FastMCP.

app.py stdio
app.py http [--stateless] [--json] [--loop …] [--http …]
"""

from fastmcp import Context, FastMCP

mcp = FastMCP("bench")


@mcp.tool
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@mcp.tool
def add_sync(a: int, b: int) -> int:
    """Add two numbers in a function that is not async."""
    return a + b


@mcp.tool
async def add_with_progress(a: int, b: int, ctx: Context) -> int:
    """Add two numbers and say so half way."""
    await ctx.report_progress(1, 2)
    return a + b


@mcp.tool
async def count(steps: int, ctx: Context) -> int:
    """Report progress so many times."""
    for step in range(steps):
        await ctx.report_progress(step + 1, steps)
    return steps


def main() -> None:
    import argparse

    from serve import add_options, serve

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stateless", action="store_true")
    parser.add_argument("--json", action="store_true")
    add_options(parser)
    options = parser.parse_args()
    serve(
        mcp.http_app(stateless_http=options.stateless, json_response=options.json),
        options,
    )


if __name__ == "__main__":
    import sys

    if sys.argv[1] == "stdio":
        mcp.run(transport="stdio", show_banner=False)
    else:
        del sys.argv[1]
        main()
