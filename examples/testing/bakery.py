"""The server that is tested here."""

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError

mcp = FastMCP("Bakery")
PRICES = {"rye": 4.0, "wheat": 2.5}


@mcp.tool
def price(kind: str, loaves: int = 1) -> float:
    """What some loaves of bread cost."""
    if kind not in PRICES:
        raise ToolError(f"There is no {kind}; there are {', '.join(PRICES)}")
    return loaves * PRICES[kind]


@mcp.tool
async def order(kind: str, loaves: int, ctx: Context) -> str:
    """Order bread. The baker asks for whom."""
    await ctx.report_progress(1, 2, "priced")
    answer = await ctx.elicit(f"For whom are the {price(kind, loaves):.2f} worth of {kind}?", str)
    if answer.action != "accept":
        return "Nothing is ordered"
    await ctx.report_progress(2, 2, "ordered")
    return f"{loaves} {kind} for {answer.data}"


@mcp.tool
async def describe(kind: str, ctx: Context) -> str:
    """Have the client's model praise a bread."""
    return (await ctx.sample(f"Praise {kind} bread in one sentence")).text or ""


@mcp.tool
def close_shop() -> str:
    """Close it, if you are the baker."""
    if Context.current().user_info.get("role") != "baker":
        raise ToolError("Only the baker may do that")
    return "closed"


@mcp.resource("bakery://menu", mime_type="application/json")
def menu() -> dict[str, float]:
    """What there is today."""
    return PRICES


if __name__ == "__main__":
    mcp.run()
