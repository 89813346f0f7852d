"""Writes mails when something has happened in the shop, which is another process."""

from fastmcp import FastMCP
from fastmcp.events import Event, EventBus

bus = EventBus(backplane="sqlite:///events.db")
mcp = FastMCP("Office", lifespan=bus.lifespan)
mails: list[str] = []


@bus.subscribe("*")
def write_mail(event: Event) -> None:
    mails.append(f"{event.type}: {event.data['item']}")
    mcp.notify_resource_updated("office://mails")  # to the clients that watch it


@mcp.resource("office://mails")
def all_mails() -> list[str]:
    """The mails that were written."""
    return mails


if __name__ == "__main__":
    mcp.run("http", port=8001)
