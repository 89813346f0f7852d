"""Sells things, and tells of it. It does not know who listens."""

from fastmcp import FastMCP
from fastmcp.events import Event, EventBus
from fastmcp.exceptions import ToolError

# With a file, the processes of one machine hear each other; redis://… is for several machines.
bus = EventBus(backplane="sqlite:///events.db", history=500)
mcp = FastMCP("Shop", lifespan=bus.lifespan)
stock = {"tea": 3, "bread": 5}


@bus.subscribe("order.placed")
async def take_from_stock(event: Event) -> None:
    item = event.data["item"]
    stock[item] -= 1
    if stock[item] <= 1:
        await bus.publish("stock.low", {"item": item})


@mcp.tool
async def order(item: str) -> str:
    """Order something; the number of the order."""
    if not stock.get(item):
        raise ToolError(f"There is no {item}; there are {', '.join(filter(stock.get, stock))}")
    event = await bus.publish("order.placed", {"item": item})  # its handlers here have run now
    return event.id


@mcp.tool
def history(pattern: str = "*", limit: int = 10) -> list[Event]:
    """The latest events of a kind: `order.placed`, `order.*`, `*`."""
    return bus.history(pattern, limit)


if __name__ == "__main__":
    mcp.run("http", port=8000)
