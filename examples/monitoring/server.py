"""A server that Prometheus asks, at /metrics: what it does, and a figure of its own."""

import asyncio
import random

from prometheus_client import Counter

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError

mcp = FastMCP("Shop", version="1.0")
prices = {"tea": 4.5, "bread": 3.2, "milk": 1.4}
sold = Counter("shop_sold", "Things that were sold", ["item"])


@mcp.tool(annotations={"readOnlyHint": True})
def price(item: str) -> float:
    """What something costs."""
    if item not in prices:
        raise ToolError(f"There is no {item}; there are {', '.join(prices)}")
    return prices[item]


@mcp.tool
async def sell(item: str) -> str:
    """Sell something, which takes its time."""
    text = f"{item} for {price(item):.2f}"
    await asyncio.sleep(random.uniform(0, 0.05))
    sold.labels(item).inc()
    return text


if __name__ == "__main__":
    mcp.run_http(port=8000, metrics=True)
